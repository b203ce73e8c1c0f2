import type { WorkerPort } from "airssys/component/WorkerHost"

/**
 * Stands in for the thread of an instance after something took it over.
 */
export const start = (port: WorkerPort): void => {
  const returned = (value: unknown) => port.post({ _tag: "Returned", value, memory: 0 })
  port.onMessage((received) => {
    const { _tag, args } = received as { readonly _tag: string; readonly args: ReadonlyArray<unknown> }
    if (_tag === "Init") {
      port.post({ _tag: "Ready", memory: 0 })
      return
    }
    switch (args[0]) {
      case "well":
        port.request({ index: 0, args: ["a question"] })
        returned(args[0])
        break
      case "answer of another type":
        returned({ of: "another type" })
        break
      case "no answer":
        port.post({ _tag: "Grant", everything: true })
        break
      case "question with arguments of another type":
        port.request({ index: 0, args: [7] })
        break
      case "question without arguments":
        port.request({ index: 0, args: [] })
        break
      case "question for an import that does not exist":
        port.request({ index: 7, args: ["a question"] })
        break
      case "two answers":
        returned("one")
        returned("two")
        break
    }
  })
  port.post({ _tag: "Up" })
}
