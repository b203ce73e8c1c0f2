/**
 * A guest that gives back what it is given, of each WIT type.
 */
import { component, memory } from "./guests.ts"

export const echoInterface = `interface echo {
  record point { x: u32, far-away: s64, label: string }
  flags rights { read, write-all, owner }
  enum colour { red, dark-green, blue }
  variant shape { nothing, circle(u32), text(string) }
  a-bool: func(v: bool) -> bool;
  a-s8: func(v: s8) -> s8;
  a-u8: func(v: u8) -> u8;
  a-s16: func(v: s16) -> s16;
  a-u16: func(v: u16) -> u16;
  a-s32: func(v: s32) -> s32;
  a-u32: func(v: u32) -> u32;
  a-s64: func(v: s64) -> s64;
  a-u64: func(v: u64) -> u64;
  a-f32: func(v: f32) -> f32;
  a-f64: func(v: f64) -> f64;
  a-char: func(v: char) -> char;
  a-string: func(v: string) -> string;
  bytes: func(v: list<u8>) -> list<u8>;
  words: func(v: list<u32>) -> list<u32>;
  strings: func(v: list<string>) -> list<string>;
  nested: func(v: list<list<s16>>) -> list<list<s16>>;
  maybe: func(v: option<u32>) -> option<u32>;
  maybe-maybe: func(v: option<option<u32>>) -> option<option<u32>>;
  pair: func(v: tuple<u32, string>) -> tuple<u32, string>;
  a-point: func(v: point) -> point;
  points: func(v: list<point>) -> list<point>;
  a-rights: func(v: rights) -> rights;
  a-colour: func(v: colour) -> colour;
  a-shape: func(v: shape) -> shape;
  outcome: func(v: result<u32, string>) -> result<u32, string>;
  outcomes: func(v: list<result<u32, string>>) -> list<result<u32, string>>;
  done: func(v: result) -> result;
  attempt: func(v: result<u32, shape>) -> result<u32, shape>;
  refusal: func(v: result<string, colour>) -> result<string, colour>;
  effect: func(v: result<_, list<u8>>) -> result<_, list<u8>>;
}`

type Flat = "i32" | "i64" | "f32" | "f64"

const word = (at: number) => ["i32", "i32.store", at] as const
const byte = (at: number) => ["i32", "i32.store8", at] as const

/** The exports of the interface with this id. A result of several core values lies at 1024 of the memory. */
export const echoExports = (id: string): string => {
  const same = (name: string, type: Flat) =>
    `(func (export "${id}#${name}") (param ${type}) (result ${type}) local.get 0)`

  /** Stores its flat parameters by the layout of the type. */
  const spill = (name: string, fields: ReadonlyArray<readonly [type: Flat, op: string, at: number]>) =>
    `(func (export "${id}#${name}") (param ${fields.map(([type]) => type).join(" ")}) (result i32)
    ${fields.map(([, op, at], i) => `(${op} (i32.const ${1024 + at}) (local.get ${i}))`).join("\n    ")}
    (i32.const 1024))`

  return `
 ${["a-bool", "a-s8", "a-u8", "a-s16", "a-u16", "a-s32", "a-u32", "a-char"].map((_) => same(_, "i32")).join("\n ")}
 ${["a-rights", "a-colour", "done"].map((_) => same(_, "i32")).join("\n ")}
 ${same("a-s64", "i64")} ${same("a-u64", "i64")} ${same("a-f32", "f32")} ${same("a-f64", "f64")}
 ${
    ["a-string", "bytes", "words", "strings", "nested", "points", "outcomes"].map((_) => spill(_, [word(0), word(4)]))
      .join("\n ")
  }
 ${spill("maybe", [byte(0), word(4)])}
 ${spill("maybe-maybe", [byte(0), byte(4), word(8)])}
 ${spill("pair", [word(0), word(4), word(8)])}
 ${spill("a-point", [word(0), ["i64", "i64.store", 8], word(16), word(20)])}
 ${spill("a-shape", [byte(0), word(4), word(8)])}
 ${spill("outcome", [byte(0), word(4), word(8)])}
 ${spill("attempt", [byte(0), word(4), word(8), word(12)])}
 ${spill("refusal", [byte(0), word(4), word(8)])}
 ${spill("effect", [byte(0), word(4), word(8)])}`
}

/** `acme:values`, whose only interface is this one. */
export const build = (): Promise<Uint8Array<ArrayBuffer>> =>
  component(
    `(module ${memory()} ${echoExports("acme:values/echo@1.0.0")})`,
    `package acme:values@1.0.0;\n${echoInterface}\nworld plugin { export echo; }`
  )
