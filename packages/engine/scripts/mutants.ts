/**
 * Takes one safety check after the other out of a copy of the engine, and runs
 * the test that has to fail then: `node packages/engine/scripts/mutants.ts
 * [--filter text] [--list]`.
 */
import { join } from "node:path"
import { runMutants } from "../../../scripts/lib/mutants.ts"
import { mutants } from "./mutantTable.ts"

runMutants(join(import.meta.dirname, ".."), mutants)
