import { suite } from "./people.mjs";

suite("first");
