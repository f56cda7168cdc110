import { suite } from "./people.mjs";

suite("second");
