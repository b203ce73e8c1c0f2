import type { WorkerPort } from "airssys/component/WorkerHost"

interface Command {
  readonly do: string
  readonly with?: unknown
}

/**
 * A worker that does what it is told.
 */
export const start = (port: WorkerPort): void => {
  port.onMessage((received) => {
    const command = received as Command
    switch (command.do) {
      case "echo":
        return port.post(command.with)
      case "ask":
        return port.post([port.request(command.with), port.request(command.with)])
      case "environment":
        return port.post([Object.keys(process.env), process.argv.slice(2), process.execArgv])
      case "spin":
        for (;;);
      case "throw":
        throw new Error("boom")
      case "exit":
        return process.exit(3)
      case "hoard": {
        const kept: Array<unknown> = []
        for (;;) kept.push(new Array(1_000).fill(kept.length))
      }
    }
  })
  port.post("up")
}
