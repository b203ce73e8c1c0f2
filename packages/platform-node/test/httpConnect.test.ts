import { assert, describe, it } from "@effect/vitest"
import { fewAtOnce } from "../src/internal/httpConnect.ts"

describe("names that are looked up by the system", () => {
  it("hold few threads however many are asked for, and are answered in turn", async () => {
    const asked: Array<{ readonly host: string; readonly answer: (isGood: boolean) => void }> = []
    const resolve = fewAtOnce(
      (host) =>
        new Promise((resolve, reject) =>
          asked.push({ host, answer: (isGood) => isGood ? resolve([host]) : reject(new Error(host)) })
        ),
      2
    )
    const turns = () => new Promise<void>((done) => setImmediate(done))
    const answers = ["a", "b", "c", "d"].map((host) => resolve(host).catch((error: Error) => error.message))
    await turns()
    assert.deepStrictEqual(asked.map(({ host }) => host), ["a", "b"])
    asked[1]!.answer(false)
    await turns()
    assert.deepStrictEqual(asked.map(({ host }) => host), ["a", "b", "c"])
    for (const { answer } of asked) answer(true)
    await turns()
    asked[3]!.answer(true)
    assert.deepStrictEqual(await Promise.all(answers), [["a"], "b", ["c"], ["d"]])
    const later = resolve("e")
    await turns()
    asked[4]!.answer(true)
    assert.deepStrictEqual(await later, ["e"])
  })
})
