/**
 * Takes one safety check after the other out of a copy of platform-node, and runs the
 * test that has to fail then: `node packages/platform-node/scripts/mutants.ts
 * [--filter text] [--list]`. The checks are listed beside the tests, in the
 * files `mutants-*.ts`.
 */
import { globSync } from "node:fs"
import { join } from "node:path"
import { type Mutant, runMutants } from "../../../scripts/lib/mutants.ts"

const packageFolder = join(import.meta.dirname, "..")
const mutants: Array<Mutant> = []
for (const file of globSync("test/**/mutants-*.ts", { cwd: packageFolder }).toSorted()) {
  const list: { readonly mutants: ReadonlyArray<Mutant> } = await import(join(packageFolder, file))
  mutants.push(...list.mutants)
}
runMutants(packageFolder, mutants)
