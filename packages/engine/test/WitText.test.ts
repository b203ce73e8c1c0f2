import * as ComponentBinary from "@airssys/engine/ComponentBinary"
import * as WitText from "@airssys/engine/WitText"
import type { World } from "@airssys/engine/WitType"
import { describe, expect, it } from "vitest"
import { dummy, worlds } from "./support/components.ts"

describe("print", () => {
  it("writes a world and the packages it takes interfaces from", async () => {
    const bytes = await dummy(`package root:main;
      world w { import x:y/host@1.0.0; export x:y/user@1.0.0; export run: async func(%from: bool); }
      package x:y@1.0.0 {
        interface host {
          record %list { %type: u8 }
          resource store { constructor(a: string); open: static func() -> result<store>; put: func(i: %list); }
        }
        interface user { use host.{%list as items, store}; f: func(s: borrow<store>) -> option<items>; }
      }`)
    expect(WitText.print(ComponentBinary.decode(bytes).world)).toBe(`package root:component;

world root {
  import x:y/host@1.0.0;
  export run: async func(%from: bool);
  export x:y/user@1.0.0;
}

package x:y@1.0.0 {
  interface host {
    record %list {
      %type: u8,
    }
    resource store {
      constructor(a: string);
      open: static func() -> result<store>;
      put: func(i: %list);
    }
  }
  interface user {
    use host.{%list as items};
    use host.{store};
    f: func(s: borrow<store>) -> option<items>;
  }
}
`)
  })

  it("is stable: what is built from the text prints as the text", async () => {
    for (const wit of worlds.values()) {
      const once = WitText.print(ComponentBinary.decode(await dummy(wit)).world)
      const twice = WitText.print(ComponentBinary.decode(await dummy(once)).world)
      const thrice = WitText.print(ComponentBinary.decode(await dummy(twice)).world)
      expect(thrice).toBe(twice)
      expect(twice.split("\n").filter((line) => !line.includes("type ")).sort()).toEqual(
        once.split("\n").filter((line) => !line.includes("type ")).sort()
      )
    }
  })

  it("refuses types that WIT has no words for", () => {
    const world: World = {
      imports: [],
      exports: [{
        id: undefined,
        functions: [{
          name: "f",
          params: [],
          result: { kind: "enum", name: undefined, cases: ["a"] },
          async: false
        }],
        types: [],
        resources: []
      }]
    }
    expect(() => WitText.print(world)).toThrow(RangeError)
  })
})
