import { assert, describe, it } from "@effect/vitest"
import * as HostConfig from "airssys/component/HostConfig"
import * as Manifest from "airssys/component/Manifest"
import * as CapabilityKind from "airssys/security/CapabilityKind"
import * as Pattern from "airssys/security/Pattern"
import { Result } from "effect"
import * as fs from "node:fs"

const page = fs.readFileSync(new URL("../../../../docs/reference/manifest.md", import.meta.url), "utf8")

const example = (file: string): string => {
  const match = new RegExp(`\`\`\`toml file=${file}\n(.*?)\n\`\`\``, "s").exec(page)
  assert(match !== null)
  return match[1]!
}

/** The code of each cell of the table below a header. */
const rows = (header: RegExp): ReadonlyArray<ReadonlyArray<ReadonlyArray<string>>> => {
  const lines = page.split("\n")
  const start = lines.findIndex((line) => header.test(line))
  assert.isAbove(start, 0)
  const below = lines.slice(start + 2)
  return below.slice(0, below.findIndex((line) => !line.startsWith("|"))).map((line) =>
    line.split("|").slice(1, -1).map((cell) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]!))
  )
}

const kindOf = (text: string | undefined): CapabilityKind.CapabilityKind => {
  assert(CapabilityKind.isCapabilityKind(text))
  return text
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema
  readonly additionalProperties?: boolean | JsonSchema
}

const closed = (schema: JsonSchema, place: string): void => {
  if (schema.properties !== undefined) assert.strictEqual(schema.additionalProperties, false, place)
  for (const [name, inner] of Object.entries(schema.properties ?? {})) closed(inner, `${place}.${name}`)
  if (schema.items !== undefined) closed(schema.items, `${place}[]`)
  if (typeof schema.additionalProperties === "object") closed(schema.additionalProperties, `${place}.*`)
}

describe("docs/reference/manifest.md", () => {
  it("shows a manifest that is decoded", () => {
    const { asks } = Result.getOrThrow(Manifest.parse(example("Component.toml"), { file: "Component.toml" }))
    assert.deepStrictEqual(asks.map((ask) => ask.kind), ["network.outbound", "filesystem.read", "log", "clock"])
  })

  it("shows a host's file that is decoded", () => {
    const { calls, components } = Result.getOrThrow(HostConfig.parse(example("airssys.toml"), { file: "airssys.toml" }))
    assert.deepStrictEqual(components.map((component) => component.source), ["plugins/rates"])
    assert.deepStrictEqual(calls.map((call) => call.export), ["rates.latest"])
  })

  it("lists every kind with patterns that are taken", () => {
    const listed = rows(/^\| kind +\| its value/)
    assert.deepStrictEqual(listed.map(([kind]) => kind?.[0]), [...CapabilityKind.all, "custom.queue"])
    for (const [names, value, examples] of listed) {
      const kind = kindOf(names?.[0])
      assert.strictEqual(CapabilityKind.takesPatterns(kind), value?.[0] !== "true")
      assert.strictEqual((examples ?? []).length > 0, CapabilityKind.takesPatterns(kind))
      for (const pattern of examples ?? []) {
        assert.isTrue(Result.isSuccess(Pattern.parse(kind, pattern)), `${kind} ${pattern}`)
      }
    }
  })
})

describe("JSON Schemas", () => {
  it.each([["component-1.json", Manifest.jsonSchema()], ["host-1.json", HostConfig.jsonSchema()]] as const)(
    "%s takes no unknown keys and is the one that is published",
    (file, schema) => {
      closed(schema, file)
      const published = fs.readFileSync(new URL(`../../schema/${file}`, import.meta.url), "utf8")
      assert.deepStrictEqual(JSON.parse(published), JSON.parse(JSON.stringify(schema)))
    }
  )

  it("name the keys that the page has", () => {
    for (const schema of [Manifest.jsonSchema(), HostConfig.jsonSchema()]) {
      const walk = ({ items, properties }: JsonSchema): void => {
        for (const [name, inner] of Object.entries(properties ?? {})) {
          assert.isTrue(new RegExp(`\\b${name}\\b`).test(page), name)
          walk(inner)
        }
        if (items !== undefined) walk(items)
      }
      walk(schema)
    }
  })
})
