/**
 * Kills writers of storage: `node packages/platform-node/scripts/storageCrash.ts [kills] [seed]`, by default three
 * hundred.
 */
import { kill } from "./storageLives.ts"

const [kills = 300, seed = 1] = process.argv.slice(2).map(Number)

const report = await kill(kills, seed)
for (const problem of report.problems) process.stderr.write(`${problem}\n`)
process.stdout.write(
  `killed ${report.kills} times; ${report.acknowledged} acknowledged groups, ${report.problems.length} problems\n`
)
if (report.problems.length > 0) process.exitCode = 1
