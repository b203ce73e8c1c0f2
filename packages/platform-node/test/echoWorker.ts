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
      case "fill": {
        // (memory 100) (loop (memory.fill 0 1 6000000) (br 0))
        const code = [3, 0x40, 0x41, 0, 0x41, 1, 0x41, 0x80, 0x9b, 0xee, 2, 0xfc, 11, 0, 0x0c, 0, 0x0b, 0x0b]
        const head = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 5, 4, 1, 0, 0xe4, 0]
        const exported = [7, 5, 1, 1, 0x66, 0, 0]
        const body = [10, code.length + 3, 1, code.length + 1, 0]
        const module = Uint8Array.from([...head, ...exported, ...body, ...code])
        const { f } = new WebAssembly.Instance(new WebAssembly.Module(module)).exports
        port.post("filling")
        return (f as () => void)()
      }
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
