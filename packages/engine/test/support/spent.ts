/**
 * Milliseconds of processor time that this thread has had: what a bound on work
 * is checked by, since time on the wall depends on what else the machine does.
 */
export const spent = (): number => {
  const { system, user } = process.threadCpuUsage()
  return (system + user) / 1_000
}
