import { componentEmbed, componentNew, parse } from "@bytecodealliance/jco-transpile/wasm-tools"

/** A component that imports and exports what a WIT text says; its functions trap. */
export const dummy = async (witSource: string): Promise<Uint8Array> =>
  componentNew(await componentEmbed({ dummy: true, witSource }))

/** The binary of a component or core module written as text; it is not validated. */
export const assemble = (wat: string): Promise<Uint8Array> => parse(wat)

/** Bytes of a component or core module section. */
export const section = (id: number, ...content: ReadonlyArray<number>): Array<number> => [
  id,
  ...leb(content.length),
  ...content
]

export const leb = (value: number): Array<number> =>
  value < 0x80 ? [value] : [(value % 0x80) | 0x80, ...leb(Math.floor(value / 0x80))]

export const name = (text: string): Array<number> => {
  const bytes = new TextEncoder().encode(text)
  return [...leb(bytes.length), ...bytes]
}

/** A component of these sections. */
export const component = (...sections: ReadonlyArray<ReadonlyArray<number>>): Uint8Array =>
  Uint8Array.from([0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00, ...sections.flat()])

/** A core module of these sections. */
export const module = (...sections: ReadonlyArray<ReadonlyArray<number>>): Uint8Array =>
  Uint8Array.from([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, ...sections.flat()])

/** Pseudo-random integers below a bound, the same on every run. */
export const random = (seed: number): (below: number) => number => {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

/** A copy with a few bytes changed, removed, doubled or cut off. */
export const mutate = (bytes: Uint8Array, next: (below: number) => number): Uint8Array => {
  let out = Uint8Array.from(bytes)
  for (let edits = 1 + next(4); edits > 0; edits--) {
    const at = next(Math.max(1, out.length))
    switch (next(8)) {
      case 0:
        out = out.slice(0, at)
        break
      case 1:
        out = Uint8Array.from([...out.subarray(0, at), ...out.subarray(Math.min(out.length, at + 1 + next(8)))])
        break
      case 2:
        out = Uint8Array.from([...out.subarray(0, at), ...out.subarray(at, at + next(32)), ...out.subarray(at)])
        break
      case 3:
        out[at] = [0x00, 0x01, 0x7f, 0x80, 0xff, 0x40, 0x3f][next(7)] ?? 0
        break
      case 4:
        out[at] = (out[at] ?? 0) ^ (1 << next(8))
        break
      case 5:
        out.set([0xff, 0xff, 0xff, 0xff, 0x0f].slice(0, Math.max(0, out.length - at)), at)
        break
      case 6:
        out[at] = ((out[at] ?? 0) + 1) & 0xff
        break
      default:
        out[at] = next(256)
    }
  }
  return out
}

/** One WIT text for each corner of the type system. */
export const worlds: ReadonlyMap<string, string> = new Map([
  [
    "primitives",
    `package a:b; world w {
      import f: func(a: bool, b: s8, c: u8, d: s16, e: u16, f: s32, g: u32, h: s64, i: u64, j: f32, k: f64, l: char, m: string);
      export g: func() -> string;
      export nothing: func();
    }`
  ],
  [
    "compound types",
    `package a:b@0.1.0;
    interface types {
      record point { x: f64, y: f64 }
      record line { start: point, end: point, label: option<string> }
      variant shape { none, dot(point), poly(list<point>), tagged(tuple<string, u8>) }
      enum colour { red, dark-green, blue }
      flags mode { read, write, x11-forward }
      type bytes = list<u8>;
      type path = list<point>;
      draw: func(shape: shape, colour: colour, mode: mode) -> result<bytes, string>;
      lines: func(l: list<line>) -> option<option<line>>;
      nothing: func() -> result;
      only-error: func() -> result<_, colour>;
      only-ok: func() -> result<path>;
    }
    world w { import types; export types; }`
  ],
  [
    "resources",
    `package a:b;
    interface store {
      resource bucket {
        constructor(name: string);
        get: func(key: string) -> option<list<u8>>;
        copy: func(to: borrow<bucket>) -> bucket;
        open: static func(name: string) -> result<bucket, string>;
      }
      resource token;
      merge: func(a: bucket, b: borrow<bucket>, t: list<token>) -> bucket;
    }
    interface user {
      use store.{bucket as pail, token};
      resource session { constructor(p: pail); end: func() -> token; }
      run: func(s: borrow<session>, p: borrow<pail>);
    }
    world w { import store; export user; }`
  ],
  [
    "both sides of one interface",
    `package a:b@1.0.0;
    interface store { resource bucket { constructor(); } record item { n: u32 } put: func(i: item, b: borrow<bucket>); }
    world w { import store; export store; }`
  ],
  [
    "use across packages",
    `package root:main;
    world w { import x:y/first@1.0.0; import x:z/second; export x:z/third; use x:y/first@1.0.0.{item as thing}; export f: func(t: thing); }
    package x:y@1.0.0 { interface first { record item { id: u64 } enum kind { a, b } get: func() -> item; } }
    package x:z { interface second { use x:y/first@1.0.0.{item}; record pair { a: item, b: item } swap: func(p: pair) -> pair; }
      interface third { use second.{pair}; use x:y/first@1.0.0.{kind}; f: func(p: pair, k: kind) -> list<pair>; } }`
  ],
  [
    "a chain of exports that use each other",
    `package a:b;
    interface one { resource r; variant v { x(string), y } make: func() -> r; }
    interface two { use one.{r, v}; record w { v: v } f: func(r: r) -> w; }
    interface three { use two.{w}; use one.{v as vv}; g: func(w: w) -> vv; }
    world w { export one; export two; export three; }`
  ],
  [
    "types, resources and inline interfaces of the world",
    `package a:b;
    interface host { record item { n: u32 } f: func(i: item); }
    world w {
      use host.{item};
      record order { item: item, count: u32 }
      resource cart { constructor(); add: func(o: order); }
      import log: func(s: string);
      import inner: interface { record item { a: u8 } g: func(i: item) -> item; }
      export total: func(c: borrow<cart>, o: list<order>) -> u64;
      export out: interface { enum e { p, q } h: func() -> e; }
    }`
  ],
  [
    "keywords and acronyms as names",
    `package a:b;
    interface %interface {
      record %record { %type: u8, %list: list<u8> }
      variant %variant { %string, %u8(u8) }
      %func: func(%use: %record) -> %variant;
      HTTP-get: func(URL: string) -> string;
      resource %resource { %static: func(); }
    }
    world %world { import %interface; export %import: func(%from: bool); }`
  ],
  [
    "async functions",
    `package a:b;
    interface i { fetch: async func(url: string) -> result<string, string>; resource r { next: async func() -> u8; } }
    world w { import i; }`
  ],
  [
    "versions that differ",
    `package root:main;
    world w { import x:y/i@1.0.0; import x:y/i@2.0.0-rc.1; export x:y/i@1.0.0; }
    package x:y@1.0.0 { interface i { record r { a: u8 } f: func(r: r); } }
    package x:y@2.0.0-rc.1 { interface i { record r { a: u16 } f: func(r: r) -> r; } }`
  ],
  ["nothing", `package a:b; world w {}`]
])
