"""Reads one release of stripe-python with `ast`; nothing of it is imported or run.

The SDK is generated from Stripe's specification. `stripe/**/_*_service.py` has each operation:

    def retrieve(self, customer: str, /, params: Optional["CustomerRetrieveParams"] = None, ...
    ) -> "Customer":
        ... self._request("get", "/v1/customers/{customer}".format(...), ...

A TypedDict has the fields of its request, in the service itself or in `stripe/params`; a class
with an OBJECT_NAME has the fields of an object, with nested classes for what it holds. A text
below a field is its documentation. From 14 on, an enumeration may also be any text
(`Literal[...]|str`): the vocabulary is the same.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

Fields = dict[tuple[str, ...], "Declared"]
"""Declared fields by path: "" is a position in a list, "*" a name that users choose."""

ANY_TYPE = "*"
"""An object of any type."""
_WRAPPERS = {"Optional", "NotRequired", "Required", "ClassVar", "Union", "Unpack"}
_LISTS = {"List", "Sequence", "list"}
_MAPS = {"Dict", "Mapping", "UntypedStripeObject", "dict"}
_SCALARS = {
    "str": "str",
    "int": "int",
    "bool": "bool",
    "float": "float",
    "Decimal": "decimal",
    "Any": "any",
    "StripeObject": "any",
    "UntypedStripeObject": "any",
    "object": "any",
    "IO": "file",
}
_OBJECT_BASES = {"RequestOptions", "TypedDict", "StripeObject", "StripeObjectBase"}


@dataclass
class Declared:
    """What the SDK declares of a field."""

    scalars: set[str] = field(default_factory=set)
    """Of str, int, bool, float, decimal, any, file."""
    values: set[str] = field(default_factory=set)
    """The values of an enumeration; a blank one unsets the field."""
    types: set[str] = field(default_factory=set)
    """The object types that may stand here."""
    is_expandable: bool = False
    """An id in their place."""
    is_container: bool = False
    """A hash or a list may stand here."""
    doc: str = ""

    def add(self, other: Declared) -> None:
        """Join with what another release, or another branch of a union, declares."""
        self.scalars |= other.scalars
        self.values |= other.values
        self.types |= other.types
        self.is_expandable |= other.is_expandable
        self.is_container |= other.is_container
        self.doc = self.doc or other.doc


@dataclass(frozen=True)
class Operation:
    """One operation of the API."""

    method: str
    path: str
    """With the names of ids in braces."""
    answer: str
    """The object types of its answer, joined by |; `list:` before those of a list's items."""
    fields: Fields

    @property
    def key(self) -> str:
        """What stays the same where a release names an id in the path differently."""
        pieces = self.path.split("/")
        return "/".join("{}" if piece.startswith("{") else piece for piece in pieces)


@dataclass
class _Module:
    name: str
    tree: ast.Module
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    """By qualified name."""
    dictionaries: dict[str, ast.Dict] = field(default_factory=dict)
    """TypedDicts in functional form, by qualified name."""
    imports: dict[str, tuple[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for node in self.tree.body:  # `if TYPE_CHECKING` has imports too
            for statement in node.body if isinstance(node, ast.If) else [node]:
                if isinstance(statement, ast.ImportFrom) and statement.module:
                    for alias in statement.names:
                        imported = (statement.module, alias.name)
                        self.imports[alias.asname or alias.name] = imported
        self._index(self.tree, ())

    def _index(self, parent: ast.Module | ast.ClassDef, scope: tuple[str, ...]) -> None:
        for node in parent.body:
            match node:
                case ast.ClassDef(name=name):
                    self.classes[".".join((*scope, name))] = node
                    self._index(node, (*scope, name))
                case ast.Assign(
                    targets=[ast.Name(id=name)],
                    value=ast.Call(func=ast.Name(id="TypedDict"), args=[_, ast.Dict() as members]),
                ):
                    self.dictionaries[".".join((*scope, name))] = members


@dataclass(frozen=True)
class _Place:
    """A class, or where an annotation stands: a module, and the names of the classes around."""

    module: _Module
    scope: tuple[str, ...]

    @property
    def qualified(self) -> str:
        return ".".join(self.scope)

    @property
    def definition(self) -> ast.ClassDef | None:
        return self.module.classes.get(self.qualified)


class Release:
    """One release, unpacked."""

    def __init__(self, root: Path) -> None:
        """`root` is the folder that holds the package `stripe`."""
        self._root = root
        self._module = cache(self._read)

    @cached_property
    def objects(self) -> Mapping[str, Fields]:
        """The fields of each object type, and of the `error` in an answer."""
        objects = {}
        for module in self._modules("_*.py"):
            for name in list(module.classes):
                place = _Place(module, (name,))
                type_name = self._object_name(place)
                if "." not in name and type_name:
                    objects[type_name] = self._fields(place)
        errors = _Place(self._module("stripe._error_object"), ("ErrorObject",))
        return objects | {"error": self._fields(errors)}

    @cached_property
    def operations(self) -> Mapping[str, Operation]:
        """The operations, by method and key: of the services, then what only objects have."""
        operations: dict[str, Operation] = {}
        for pattern in ("_*_service.py", "_*.py"):
            for module in self._modules(pattern):
                for name, definition in module.classes.items():
                    if "." not in name:
                        for operation in self._operations(_Place(module, (name,)), definition):
                            key = f"{operation.method} {operation.key}"
                            operations.setdefault(key, operation)
        return operations

    def _modules(self, pattern: str) -> Iterator[_Module]:
        for path in sorted((self._root / "stripe").rglob(pattern)):
            parts = path.relative_to(self._root).with_suffix("").parts
            if "v2" not in parts and "params" not in parts:
                yield self._module(".".join(parts))

    def _read(self, name: str) -> _Module:
        path = self._root.joinpath(*name.split(".")).with_suffix(".py")
        path = path if path.exists() else path.with_suffix("") / "__init__.py"
        return _Module(name, ast.parse(path.read_text("utf-8")))

    def _operations(self, place: _Place, definition: ast.ClassDef) -> Iterator[Operation]:
        for method in definition.body:
            if not isinstance(method, ast.FunctionDef):
                continue
            for call in ast.walk(method):
                match call:
                    case ast.Call(
                        func=ast.Attribute(attr="_request" | "_request_stream" | "_static_request"),
                        args=[
                            ast.Constant(value=str(verb)),
                            ast.Constant(value=str(path))
                            | ast.Call(func=ast.Attribute(value=ast.Constant(value=str(path)))),
                            *_,
                        ],
                    ) if path.startswith("/v1/"):
                        yield self._operation(place, method, verb.upper(), path)

    def _operation(self, place: _Place, method: ast.FunctionDef, verb: str, path: str) -> Operation:
        arguments = [*method.args.posonlyargs, *method.args.args, *method.args.kwonlyargs]
        fields: Fields = {}
        for argument in (*arguments, method.args.kwarg):
            if argument and argument.arg == "params" and argument.annotation is not None:
                self._add(fields, (), argument.annotation, place)
        return Operation(verb, path, self._answer(method, place), _without_root(fields))

    def _answer(self, method: ast.FunctionDef, place: _Place) -> str:
        assert method.returns is not None, method.name
        node = _evaluated(method.returns)
        prefix = ""
        match node:
            case ast.Subscript(value=ast.Name(id="ListObject"), slice=items):
                prefix, node = "list:", items
            case ast.Subscript(value=ast.Name(id="SearchResultObject"), slice=items):
                prefix, node = "search_result:", items
        fields: Fields = {}
        self._add(fields, (), node, place)
        return prefix + "|".join(sorted(fields[()].types))

    def _fields(self, place: _Place) -> Fields:
        fields: Fields = {}
        self._add_members(fields, (), place)
        return fields

    def _add_members(self, fields: Fields, path: tuple[str, ...], place: _Place) -> None:
        definition = place.definition
        assert definition is not None, place.qualified
        for base in definition.bases:
            self._add_base(fields, path, base, place)
        names = _renamed(definition)
        docs = _documentation(definition)
        for node in definition.body:
            match node:
                case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation):
                    if name != "OBJECT_NAME" and not name.startswith("_"):
                        own = (*path, names.get(name, name))
                        self._add(fields, own, annotation, place, docs.get(name, ""))

    def _add_base(
        self, fields: Fields, path: tuple[str, ...], base: ast.expr, place: _Place
    ) -> None:
        if not isinstance(base, ast.Name | ast.Attribute):
            return
        for depth in range(len(place.scope), -1, -1):
            name = ".".join((*place.scope[:depth], ast.unparse(base)))
            if name in place.module.dictionaries:
                members = place.module.dictionaries[name]
                for key, annotation in zip(members.keys, members.values, strict=True):
                    assert isinstance(key, ast.Constant)
                    self._add(fields, (*path, str(key.value)), annotation, place)
                return
        target = self._resolved(ast.unparse(base), place)
        if (
            target
            and target.scope[-1] not in _OBJECT_BASES
            and "_resource" not in target.module.name
        ):
            self._add_members(fields, path, target)

    def _add(
        self,
        fields: Fields,
        path: tuple[str, ...],
        annotation: ast.expr,
        place: _Place,
        doc: str = "",
    ) -> None:
        declared = fields.setdefault(path, Declared())
        declared.doc = declared.doc or doc
        node = _evaluated(annotation)
        match node:
            case ast.Constant(value=None):
                pass
            case ast.BinOp(op=ast.BitOr(), left=left, right=right):
                self._add(fields, path, left, place)
                self._add(fields, path, right, place)
            case ast.Subscript(value=ast.Name(id="Literal"), slice=values):
                _add_literals(declared, values)
            case ast.Subscript(value=ast.Name(id="ListObject" | "SearchResultObject")):
                declared.types.add("list")
            case ast.Subscript(value=ast.Name(id="ExpandableField"), slice=inner):
                declared.is_expandable = True
                self._add(fields, path, inner, place)
            case ast.Subscript(value=ast.Name(id=name), slice=inner):
                self._add_subscript(fields, path, name, inner, place)
            case ast.Name() | ast.Attribute():
                self._add_name(fields, path, ast.unparse(node), place)
            case _:
                raise ValueError(f"{place.module.name}: {ast.unparse(node)}")

    def _add_subscript(
        self, fields: Fields, path: tuple[str, ...], name: str, inner: ast.expr, place: _Place
    ) -> None:
        elements = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        if name in _WRAPPERS:
            for element in elements:
                self._add(fields, path, element, place)
        elif name in _LISTS:
            fields[path].is_container = True
            self._add(fields, (*path, ""), inner, place, fields[path].doc)
        elif name in _MAPS:
            fields[path].is_container = True
            self._add(fields, (*path, "*"), elements[-1], place)
        elif name in _SCALARS:
            fields[path].scalars.add(_SCALARS[name])
        else:
            raise ValueError(f"{place.module.name}: {name}[{ast.unparse(inner)}]")

    def _add_name(self, fields: Fields, path: tuple[str, ...], name: str, place: _Place) -> None:
        if name in _SCALARS:
            fields[path].scalars.add(_SCALARS[name])
            return
        if name == "T":  # what a list holds
            fields[path].types.add(ANY_TYPE)
            return
        target = self._resolved(name, place)
        if target is None:
            raise ValueError(f"{place.module.name}: unknown {name}")
        object_name = self._object_name(target)
        if object_name:
            fields[path].types.add(object_name)
        else:
            fields[path].is_container = True
            self._add_members(fields, path, target)

    def _resolved(self, name: str, place: _Place) -> _Place | None:
        parts = tuple(name.split("."))
        for depth in range(len(place.scope), -1, -1):
            scope = (*place.scope[:depth], *parts)
            if ".".join(scope) in place.module.classes:
                return _Place(place.module, scope)
        if parts[0] in place.module.imports:
            module, original = place.module.imports[parts[0]]
            if module.startswith("stripe."):
                imported = self._module(module)
                return self._resolved(".".join((original, *parts[1:])), _Place(imported, ()))
        return None

    @staticmethod
    def _object_name(place: _Place) -> str:
        definition = place.definition
        for node in definition.body if definition else ():
            match node:
                case (
                    ast.AnnAssign(
                        target=ast.Name(id="OBJECT_NAME"), value=ast.Constant(value=str(name))
                    )
                    | ast.Assign(
                        targets=[ast.Name(id="OBJECT_NAME")], value=ast.Constant(value=str(name))
                    )
                ):
                    return name
        return ""


def _evaluated(node: ast.expr) -> ast.expr:
    """Return an annotation, parsed if it is a text."""
    match node:
        case ast.Constant(value=str(text)):
            return _evaluated(_parsed(text))
    return node


@cache
def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _add_literals(declared: Declared, values: ast.expr) -> None:
    for element in values.elts if isinstance(values, ast.Tuple) else [values]:
        assert isinstance(element, ast.Constant), ast.unparse(element)
        if isinstance(element.value, bool):
            declared.scalars.add("bool")
        else:
            declared.values.add(str(element.value))


def _documentation(definition: ast.ClassDef) -> Mapping[str, str]:
    """Return the text below each field."""
    docs = {}
    for node, following in zip(definition.body, definition.body[1:], strict=False):
        match node, following:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                docs[name] = " ".join(text.split())
    return docs


def _renamed(definition: ast.ClassDef) -> Mapping[str, str]:
    """Return the API's names of fields that Python cannot spell (`in_` is `in`)."""
    for node in definition.body:
        match node:
            case ast.Assign(targets=[ast.Name(id="_field_remappings")], value=ast.Dict() as names):
                return {
                    str(ast.literal_eval(key)): str(ast.literal_eval(value))
                    for key, value in zip(names.keys, names.values, strict=True)
                    if key is not None
                }
    return {}


def _without_root(fields: Fields) -> Fields:
    return {path: declared for path, declared in fields.items() if path}
