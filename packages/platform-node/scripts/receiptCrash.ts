/**
 * Kills keepers of receipts: `node packages/platform-node/scripts/receiptCrash.ts [kills] [seed]`, by default one
 * hundred.
 */
import { kill } from "./receiptLives.ts"

const [kills = 100, seed = 1] = process.argv.slice(2).map(Number)

const report = await kill(kills, seed)
for (const problem of report.problems) process.stderr.write(`${problem}\n`)
process.stdout.write(
  `killed ${report.kills} times; ${report.durable} durable receipts, ${report.problems.length} problems\n`
)
if (report.problems.length > 0) process.exitCode = 1
