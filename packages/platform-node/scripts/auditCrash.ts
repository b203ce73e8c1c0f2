/**
 * Kills writers of audit logs: `node packages/platform-node/scripts/auditCrash.ts [kills] [seed]`, by default a
 * thousand for each kind of store.
 */
import { kill } from "./auditLives.ts"

const [kills = 1000, seed = 1] = process.argv.slice(2).map(Number)

for (const kind of ["file", "sqlite"] as const) {
  const report = await kill(kind, kills, seed)
  for (const problem of report.problems) process.stderr.write(`${kind}: ${problem}\n`)
  process.stdout.write(
    `${kind}: killed ${report.kills} times; ${report.acknowledged} acknowledged groups, ${report.entries} entries, ` +
      `${report.cuts} cut tails, ${report.problems.length} problems\n`
  )
  if (report.problems.length > 0) process.exitCode = 1
}
