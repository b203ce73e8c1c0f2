/**
 * Whether wasm-tools finds a component valid, asked in a process that may die.
 *
 * The component is put inside another one, so that nothing is asked about its
 * imports and exports but whether they are valid.
 */
import { fork } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { leb } from "../test/support/components.ts"

type Answer = { readonly problem: string | undefined; readonly died: boolean }

export class Oracle {
  panics = 0
  #child: ChildProcess | undefined

  /** For each component what is wrong with it, undefined where nothing is. */
  async ask(components: ReadonlyArray<Uint8Array>): Promise<ReadonlyArray<string | undefined>> {
    const answers: Array<string | undefined> = []
    while (answers.length < components.length) {
      const rest = components.slice(answers.length).map((bytes) => Buffer.from(wrap(bytes)).toString("base64"))
      for (const { died, problem } of await this.#round(rest)) {
        if (died) this.panics++
        answers.push(problem)
      }
    }
    return answers
  }

  stop(): void {
    this.#child?.kill()
  }

  #round(components: ReadonlyArray<string>): Promise<ReadonlyArray<Answer>> {
    const child = this.#child ??= fork(new URL("validate.ts", import.meta.url), {
      stdio: ["ignore", "ignore", "ignore", "ipc"]
    })
    const answers: Array<Answer> = []
    return new Promise((resolve) => {
      const finish = (): void => {
        child.off("message", receive)
        child.off("exit", exited)
        resolve(answers)
      }
      const receive = (answer: Answer): void => {
        answers.push(answer)
        if (answer.died) this.#child = undefined
        if (answer.died || answers.length === components.length) finish()
      }
      const exited = (): void => {
        this.#child = undefined
        answers.push({ problem: "the process ended", died: true })
        finish()
      }
      child.on("message", receive)
      child.on("exit", exited)
      child.send(components)
    })
  }
}

const wrap = (bytes: Uint8Array): Uint8Array =>
  Uint8Array.from([0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00, 0x04, ...leb(bytes.length), ...bytes])
