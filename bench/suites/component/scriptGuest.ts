/**
 * A JavaScript guest: QuickJS with a little script in it, about a megabyte.
 * The build is kept between runs, in a folder of its owner.
 */
import { build } from "@airssys/sdk/Build"
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"

export const scriptId = "bench:script/script@0.1.0"

const wit = `package bench:script@0.1.0;

interface script {
  /// Primes below a number, by trial division.
  primes: func(below: u32) -> u32;
}

world guest {
  export script;
}
`

const source = `export const script = {
  primes(below) {
    let found = 0
    for (let candidate = 2; candidate < below; candidate++) {
      let isPrime = true
      for (let divisor = 2; divisor * divisor <= candidate; divisor++) {
        if (candidate % divisor === 0) {
          isPrime = false
          break
        }
      }
      if (isPrime) found++
    }
    return found
  }
}
`

export const scriptComponent = async (): Promise<Uint8Array<ArrayBuffer>> => {
  const folder = path.join(os.tmpdir(), `airssys-bench-${os.userInfo().uid}`)
  await fs.mkdir(folder, { recursive: true, mode: 0o700 })
  if ((await fs.stat(folder)).uid !== os.userInfo().uid) throw new Error(`${folder} belongs to another user`)
  const run = await fs.mkdtemp(path.join(folder, "run-"))
  try {
    const entry = path.join(run, "guest.js")
    const witPath = path.join(run, "guest.wit")
    const out = path.join(run, "guest.wasm")
    await fs.writeFile(entry, source)
    await fs.writeFile(witPath, wit)
    await build({ entry, wit: witPath, out, cacheDir: path.join(folder, "cache") })
    return new Uint8Array(await fs.readFile(out))
  } finally {
    await fs.rm(run, { recursive: true, force: true })
  }
}
