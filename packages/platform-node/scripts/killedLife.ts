import { spawn } from "node:child_process"

/**
 * Runs a script until it is killed, `delay` milliseconds after it began or, with
 * `afterOpen`, after it had printed something. Gives the whole lines that it
 * printed after the first.
 */
export const killedLife = (
  args: ReadonlyArray<string>,
  delay: number,
  afterOpen: boolean
): Promise<ReadonlyArray<string>> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] })
    let out = ""
    let errors = ""
    const kill = () => void setTimeout(() => child.kill("SIGKILL"), delay)
    child.stderr.on("data", (bytes) => {
      errors += String(bytes)
    })
    child.stdout.on("data", (bytes) => {
      const wasOpen = out !== ""
      out += String(bytes)
      if (afterOpen && !wasOpen) kill()
    })
    child.on("error", reject)
    child.on("close", (_, signal) => {
      if (signal !== "SIGKILL") return reject(new Error(`the victim ended by itself: ${errors}`))
      resolve(out.split("\n").slice(1, -1))
    })
    if (!afterOpen) kill()
  })
