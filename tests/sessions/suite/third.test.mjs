import { suite } from "./people.mjs";

suite("third");
