import * as ComponentBinary from "@airssys/engine/ComponentBinary"
import { DecodeError } from "@airssys/engine/DecodeError"
import { describe, expect, it } from "vitest"
import { assemble, component, leb, name, section } from "./support/components.ts"
import { texts } from "./support/componentTexts.ts"
import { spent } from "./support/spent.ts"

const verdict = async (wat: string): Promise<string> => {
  const bytes = await assemble(wat)
  try {
    ComponentBinary.decode(bytes)
    return "valid"
  } catch (error) {
    if (error instanceof DecodeError) return `${error.reason}: ${error.message}`
    throw error
  }
}

/** A core instance `$i` with a memory, functions for options, and one function `f`. */
const guest = (type: string): string =>
  `(core module $m (memory (export "mem") 1) (func (export "f") ${type} unreachable)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable)
    (func (export "other") (param i64)) (func (export "post") (param i32)) (func (export "post0")))
  (core instance $i (instantiate $m))
  (alias core export $i "f" (core func $f)) (alias core export $i "mem" (core memory $mem))
  (alias core export $i "realloc" (core func $realloc)) (alias core export $i "other" (core func $other))
  (alias core export $i "post" (core func $post)) (alias core export $i "post0" (core func $post0))`

const lift = (core: string, type: string, options = ""): string =>
  `(component ${guest(core)} (type $r (resource (rep i32))) (func ${type} (canon lift (core func $f) ${options})))`

const lower = (type: string, options = ""): string =>
  `(component ${guest("")} (import "g" (func $g ${type})) (core func (canon lower (func $g) ${options})))`

const memory = "(memory $mem)"
const both = `${memory} (realloc $realloc)`
const many = Array.from({ length: 17 }, (_, i) => `(param "p${i}" u32)`).join(" ")

describe("a component is valid", () => {
  it.each([...texts])("with %s", async (_, wat) => {
    expect(await verdict(wat)).toBe("valid")
  })

  it.each([
    ["functions that flatten to sixteen values", lift("(param i32 i64)", `(param "a" (variant (case "x" u64))) `)],
    ["variants whose cases share values", lift("(param i32 i64)", `(param "a" (result u32 (error f64)))`)],
    ["variants of one width", lift("(param i32 i32)", `(param "a" (result u32 (error f32)))`)],
    ["more values than fit, in memory", lift("(param i32)", many, both)],
    ["results in memory", lift("(result i32)", "(result (tuple u8 u8))", memory)],
    ["handles as numbers", lift("(param i32) (result i32)", `(param "a" (borrow $r)) (result (own $r))`)],
    ["enums and flags as numbers", lift("(param i32)", `(param "a" bool)`)],
    ["results of lowered functions in memory", lower("(result (tuple u8 u8))", memory)],
    ["many parameters of lowered functions", lower(many, memory)],
    [
      "limits that leave room",
      `(component (core module $a (memory (export "m") 2 3) (table (export "t") 1 1 funcref))
        (core module $b (import "a" "m" (memory 1 4)) (import "a" "t" (table 0 funcref)))
        (core instance $a (instantiate $a)) (core instance (instantiate $b (with "a" (instance $a)))))`
    ],
    [
      "a resource of its own that comes back",
      `(component (type $r (resource (rep i32)))
        (component $c (import "x" (type $x (sub resource))) (export "y" (type $x)))
        (instance $i (instantiate $c (with "x" (type $r)))) (alias export $i "y" (type $again))
        (core func (canon resource.rep $again)))`
    ],
    [
      "an instance type without outer resources in a nested component",
      `(component (type $t (instance (export "r" (type (sub resource)))))
        (component (alias outer 1 $t (type $t)) (import "i" (instance (type $t)))))`
    ],
    [
      "a component that takes less and gives more",
      `(component
        (component $user (import "c" (component (import "a" (func)) (export "b" (func)))))
        (component $given (import "a" (func $a)) (export "b" (func $a)) (export "c" (func $a)))
        (instance (instantiate $user (with "c" (component $given)))))`
    ],
    [
      "exported components, core modules and types that a host has no use for",
      `(component (component $c) (core module $m) (type $f (func)) (export "c" (component $c))
        (export "m" (core module $m)) (export "f" (type $f)))`
    ]
  ])("with %s", async (_, wat) => {
    expect(await verdict(wat)).toBe("valid")
  })
})

describe("a core instance is malformed", () => {
  const link = (from: string, to: string, name = "x"): string =>
    `(component (core module $a ${from}) (core module $b (import "a" "${name}" ${to}))
      (core instance $a (instantiate $a)) (core instance (instantiate $b (with "a" (instance $a)))))`

  it.each([
    [
      "without an argument",
      `(component (core module $m (import "a" "f" (func))) (core instance (instantiate $m)))`,
      `argument "a" is missing`
    ],
    ["where an argument lacks an export", link("", "(func)"), "does not export"],
    ["with something of another sort", link(`(func (export "x"))`, "(global i32)"), "a global expected, a func given"],
    ["with a function of another type", link(`(func (export "x") (param i32))`, "(func)"), "another type"],
    ["with a function of another result", link(`(func (export "x"))`, "(func (result i32))"), "another type"],
    [
      "with a mutable global for an immutable one",
      link(`(global (export "x") (mut i32) (i32.const 0))`, "(global i32)"),
      "another type"
    ],
    ["with a global of another type", link(`(global (export "x") i64 (i64.const 0))`, "(global i32)"), "another type"],
    ["with a small memory", link(`(memory (export "x") 1)`, "(memory 2)"), "other limits"],
    ["with a memory that may grow further", link(`(memory (export "x") 1 3)`, "(memory 1 2)"), "other limits"],
    ["with a memory without a maximum", link(`(memory (export "x") 1)`, "(memory 1 2)"), "other limits"],
    ["with a table of something else", link(`(table (export "x") 1 externref)`, "(table 1 funcref)"), "a table of"],
    ["with a tag of another type", link(`(tag (export "x") (param i32))`, "(tag)"), "another type"],
    [
      "with an alias of a missing export",
      `(component (core module $m) (core instance $i (instantiate $m)) (alias core export $i "f" (core func)))`,
      "does not export"
    ],
    [
      "with an alias of another sort",
      `(component (core module $m (func (export "f"))) (core instance $i (instantiate $m))
        (alias core export $i "f" (core memory)))`,
      "is a core func"
    ],
    [
      "with one argument given twice",
      `(component (core module $m) (core instance $i (instantiate $m))
        (core instance (instantiate $m (with "a" (instance $i)) (with "a" (instance $i)))))`,
      "duplicate argument"
    ],
    [
      "of a module that imports one thing twice",
      `(component (core module (import "a" "b" (func)) (import "a" "b" (func))))`,
      "duplicate import"
    ]
  ])("%s", async (_, wat, message) => {
    const found = await verdict(wat)
    expect(found).toMatch(/^Malformed: /)
    expect(found).toContain(message)
  })
})

describe("a canonical function is malformed", () => {
  it.each([
    ["with other parameters", lift("(param i32)", ""), "expected to be lifted"],
    ["with other results", lift("(result i64)", "(result u32)"), "expected to be lifted"],
    ["with separate results", lift("(result i32 i32)", "(result string)", memory), "expected to be lifted"],
    ["without a memory for its result", lift("(result i32)", "(result string)"), "a memory is needed"],
    ["without realloc for a parameter", lift("(param i32 i32)", `(param "a" string)`, memory), "realloc function"],
    ["without realloc for many parameters", lift("(param i32)", many, memory), "realloc function"],
    ["without a memory beside realloc", lift("", "", "(realloc $realloc)"), "realloc without a memory"],
    ["with a realloc of another type", lift("", "", `${memory} (realloc $other)`), "a realloc function of type"],
    ["with a post-return of another type", lift("", "", "(post-return $other)"), "a post-return function of type"],
    ["with a post-return for nothing", lift("(result i32)", "(result u32)", "(post-return $post0)"), "post-return"],
    ["with an option given twice", lift("", "", `${memory} ${memory}`), "given twice"],
    ["with two encodings", lift("", "", "string-encoding=utf8 string-encoding=utf16"), "given twice"],
    ["lowered without a memory for a string", lower(`(param "a" string)`), "a memory is needed"],
    ["lowered without a memory for its results", lower("(result (tuple u8 u8))"), "a memory is needed"],
    ["lowered without realloc for its result", lower("(result (list u8))", memory), "realloc function"],
    ["lowered with a post-return", lower("", "(post-return $post0)"), "post-return"],
    [
      "as a destructor of another type",
      `(component ${guest("")} (type (resource (rep i32) (dtor $other))))`,
      "a destructor"
    ],
    [
      "that makes handles to a resource under a less precise type",
      `(component (type $r (resource (rep i32))) (export $x "r" (type $r) (type (sub resource)))
        (core func (canon resource.new $x)))`,
      "defined elsewhere"
    ]
  ])("%s", async (_, wat, message) => {
    const found = await verdict(wat)
    expect(found).toMatch(/^Malformed: /)
    expect(found).toContain(message)
  })
})

describe("what is exported or imported is malformed", () => {
  const make = `(type $r (resource (rep i32))) (type $p (record (field "x" u8)))
    (core module $m (func (export "f") (param i32))) (core instance $i (instantiate $m))`

  it.each([
    [
      "when a resource has no name",
      `(component ${make} (func $f (param "x" (own $r)) (canon lift (core func $i "f"))) (export "f" (func $f)))`,
      "a resource in the export"
    ],
    [
      "when a function mentions a type by what it was before its name",
      `(component ${make} (export "p" (type $p))
        (func $f (param "x" $p) (canon lift (core func $i "f"))) (export "f" (func $f)))`,
      "a record in the export"
    ],
    ["when a list has unnamed items", `(component ${make} (type $l (list $p)) (export "l" (type $l)))`, "a record"],
    [
      "when an import mentions what was exported",
      `(component ${make} (export $q "p" (type $p)) (import "f" (func (param "x" $q))))`,
      "a record in the import"
    ],
    [
      "when an import mentions a resource of the component itself",
      `(component ${make} (import "x" (type (eq $r))))`,
      "a resource of the component itself"
    ],
    [
      "when an instance has unnamed types",
      `(component ${make} (func $f (param "x" $p) (canon lift (core func $i "f")))
        (instance $b (export "f" (func $f))) (export "b" (instance $b)))`,
      "a record in the export"
    ],
    [
      "when a type comes from an instance that is not exported",
      `(component ${make} (instance $b (export "p" (type $p))) (alias export $b "p" (type $q))
        (func $f (param "x" $q) (canon lift (core func $i "f"))) (export "f" (func $f)))`,
      "a record in the export"
    ],
    [
      "when a component type names no type",
      `(component (type (component (type $p (record (field "x" u8))) (export "f" (func (param "x" $p))))))`,
      "a record in the export"
    ],
    [
      "when an instance type used by an import names no type",
      `(component (type $t (instance (type $p (record (field "x" u8))) (export "f" (func (param "x" $p)))))
        (import "i" (instance (type $t))))`,
      "a record in the import"
    ],
    [
      "when an instance made of what is there has a constructor",
      `(component ${make} (core func $new (canon resource.new $r))
        (func $f (param "x" u32) (result (own $r)) (canon lift (core func $new)))
        (instance (export "r" (type $r)) (export "[constructor]r" (func $f))))`,
      "without a name here"
    ],
    [
      "when a method belongs to a resource of another name",
      `(component (import "r" (type $r (sub resource))) (import "[method]s.f" (func (param "self" (borrow $r)))))`,
      "of another name"
    ],
    [
      "when a method belongs to a resource without a name there",
      `(component (import "i" (instance $i (export "r" (type (sub resource))))) (alias export $i "r" (type $r))
        (import "[method]r.f" (func (param "self" (borrow $r)))))`,
      "without a name here"
    ],
    [
      "when the name that implements an interface is one itself",
      `(component (import "a:b/c" (implements "a:b/d") (instance)))`,
      "no plain name of an instance"
    ],
    ["when a function implements", `(component (import "a" (implements "a:b/d") (func)))`, "no plain name"],
    [
      "when an instance is given a type with another resource",
      `(component (import "r" (type $r (sub resource))) (import "s" (type $s (sub resource)))
        (instance $i (export "x" (type $s)))
        (export "i" (instance $i) (instance (export "x" (type (eq $r))))))`,
      "another resource"
    ],
    [
      "when a type is given that does not fit",
      `(component (import "i" (instance $i)) (export "j" (instance $i) (instance (export "f" (func)))))`,
      `no export "f"`
    ]
  ])("%s", async (_, wat, message) => {
    const found = await verdict(wat)
    expect(found).toMatch(/^Malformed: /)
    expect(found).toContain(message)
  })
})

describe("an argument of a component is malformed", () => {
  const give = (wanted: string, definitions: string, given: string): string =>
    `(component (component $c (import "x" ${wanted})) ${definitions}
      (instance (instantiate $c (with "x" ${given}))))`

  it.each([
    ["of another sort", give("(func)", "(component $d)", "(component $d)"), "a func expected"],
    ["that is no resource", give("(type (sub resource))", "(type $t u8)", "(type $t)"), "a resource expected"],
    [
      "that is a core module with more imports",
      give("(core module)", `(core module $m (import "a" "b" (func)))`, "(core module $m)"),
      "it imports"
    ],
    [
      "that is a core module without an export",
      give(`(core module (export "f" (func)))`, "(core module $m)", "(core module $m)"),
      `no export "f"`
    ],
    [
      "that is a core module with another export",
      give(
        `(core module (export "f" (func)))`,
        `(core module $m (func (export "f") (param i32)))`,
        "(core module $m)"
      ),
      "of another type"
    ],
    [
      "that is a core module with another import",
      give(
        `(core module (import "a" "b" (table 1 funcref)))`,
        `(core module $m (import "a" "b" (table 2 funcref)))`,
        "(core module $m)"
      ),
      "other limits"
    ],
    [
      "that is a core module with an import of another sort",
      give(
        `(core module (import "a" "b" (func)))`,
        `(core module $m (import "a" "b" (table 2 funcref)))`,
        "(core module $m)"
      ),
      "a table expected"
    ],
    [
      "that is a component with more imports",
      give("(component)", `(component $d (import "a" (func)))`, "(component $d)"),
      "it imports"
    ],
    [
      "that is a component whose exports mention another resource",
      give(
        `(component (import "r" (type $r (sub resource))) (export "s" (type (eq $r))))`,
        `(component $d (import "r" (type (sub resource))) (type $s (resource (rep i32))) (export "s" (type $s)))`,
        "(component $d)"
      ),
      "another resource"
    ],
    [
      "that is an instance without a nested export",
      give(
        `(instance (export "a" (instance (export "f" (func)))))`,
        `(instance $e) (instance $i (export "a" (instance $e)))`,
        "(instance $i)"
      ),
      `no export "f"`
    ],
    [
      "that is a resource from another instance",
      `(component (component $c (type $r (resource (rep i32))) (export "r" (type $r)))
        (instance $a (instantiate $c)) (instance $b (instantiate $c))
        (component $eq (import "a" (type $a (sub resource))) (import "b" (type (eq $a))))
        (instance (instantiate $eq (with "a" (type $a "r")) (with "b" (type $b "r")))))`,
      "another resource"
    ]
  ])("%s", async (_, wat, message) => {
    const found = await verdict(wat)
    expect(found).toMatch(/^Malformed: /)
    expect(found).toContain(message)
  })
})

describe("a type is malformed", () => {
  it.each([
    [
      "that reaches out of a component for a resource, whatever it is in",
      `(component (type $r (resource (rep i32))) (type $c (component (import "a" (type (eq $r)))))
        (component (alias outer 1 $c (type))))`,
      "outer resource"
    ],
    ["with a resource in it", `(component (type (component (type (resource (rep i32))))))`, "a resource defined"],
    [
      "that aliases a function",
      `(component (type (component (import "i" (instance $i (export "f" (func))))
      (alias export $i "f" (func)))))`,
      "an alias of a func in a type"
    ],
    [
      "of a core module with one export twice",
      `(component (core type (module (export "a" (func)) (export "a" (func)))))`,
      "duplicate export"
    ],
    [
      "of a core module with one import twice",
      `(component (core type (module (import "a" "b" (func)) (import "a" "b" (func)))))`,
      "duplicate import"
    ],
    [
      "of a core module where a function type is given",
      `(component (core type $f (func)) (type (component (import "m" (core module (type $f))))))`,
      "not a module type"
    ],
    [
      "of a component where one of an instance is given",
      `(component (type $i (instance))
      (type (component (import "c" (component (type $i))))))`,
      "not a component type"
    ],
    ["out of range", `(component (alias outer 0 0 (core type)))`, "out of range"]
  ])("%s", async (_, wat, message) => {
    const found = await verdict(wat)
    expect(found).toMatch(/^Malformed: /)
    expect(found).toContain(message)
  })
})

describe("types keep apart what differs", () => {
  /** Two instances of one component, of which the first is exported, and a list of what the second one exports. */
  const twice = (body: string, first: string, second: string, use: string): string =>
    `(component (type $p (record (field "x" u8))) (import "t1" (type $t1 (eq $p))) (import "t2" (type $t2 (eq $p)))
      (import "r" (type $r (sub resource))) (import "s" (type $s (sub resource)))
      (component $c ${body})
      (instance $a (instantiate $c (with "t" (type ${first})))) (instance $b (instantiate $c (with "t" (type ${second}))))
      (export "a" (instance $a)) (alias export $b "q" (type $q)) (type $use ${use}) (export "l" (type $use)))`

  const record = (field: string): string =>
    `(type $p (record (field "x" u8))) (import "t" (type $t (eq $p))) (type $q (record (field "x" ${field})))
     (export "q" (type $q))`
  const resource = `(import "t" (type $t (sub resource))) (export "q" (type $t))`

  it.each([
    ["uses that give a type the same", twice(record("u8"), "$t1", "$t2", "(list $q)"), "valid"],
    ["uses that give a type different parts", twice(record("$t"), "$t1", "$t2", "(list $q)"), "a record"],
    ["uses with one resource", twice(resource, "$r", "$r", "(own $q)"), "valid"],
    ["uses with two resources", twice(resource, "$r", "$s", "(own $q)"), "a resource"],
    [
      "exports of one instance",
      `(component (core module $m (func (export "f") (param i32))) (core instance $i (instantiate $m))
        (type $p (record (field "x" u8))) (instance $b (export "p" (type $p))) (export "b" (instance $b))
        (func $f (param "x" $p) (canon lift (core func $i "f"))) (export "f" (func $f)))`,
      "valid"
    ],
    [
      "resources without a name inside of exported types",
      `(component (type $r (resource (rep i32))) (type $i (instance (export "a" (type (eq $r))))) (export "x" (type $i)))`,
      "a resource in an export"
    ],
    [
      "resources with a name inside of exported types",
      `(component (type $r (resource (rep i32))) (export "r" (type $r)) (type $i (instance (export "a" (type (eq $r)))))
        (export "x" (type $i)))`,
      "valid"
    ],
    [
      "what a component type exports, in its imports",
      `(component (type (component (export "r" (type $r (sub resource)))
        (type $i (instance (export "a" (type (eq $r))))) (import "i" (instance (type $i))))))`,
      "a resource of the component itself"
    ],
    [
      "resources under two names",
      `(component (import "r" (type $r (sub resource))) (import "q" (type $q (eq $r)))
        (import "[method]q.m" (func (param "self" (borrow $r)))))`,
      "of another name"
    ],
    [
      "functions that own and that borrow",
      `(component (component $c (import "r" (type $r (sub resource))) (import "f" (func (param "x" (borrow $r)))))
        (type $s (resource (rep i32))) (core func $d (canon resource.drop $s))
        (func $f (param "x" (own $s)) (canon lift (core func $d)))
        (instance (instantiate $c (with "r" (type $s)) (with "f" (func $f)))))`,
      "borrow expected"
    ],
    [
      "functions that are async",
      `(component (import "f" (func $f async (param "x" u8))) (component $c (import "f" (func (param "x" u8))))
        (instance (instantiate $c (with "f" (func $f)))))`,
      "async and not async"
    ],
    [
      "components whose imports ask for more",
      `(component (component $c (import "x" (component (import "i" (instance (export "f" (func)))))))
        (component $d (import "i" (instance (export "f" (func)) (export "g" (func)))))
        (instance (instantiate $c (with "x" (component $d)))))`,
      `no export "g"`
    ],
    [
      "components that lack an export",
      `(component (component $c (import "x" (component (export "i" (instance))))) (component $d)
        (instance (instantiate $c (with "x" (component $d)))))`,
      `no export "i"`
    ]
  ])("%s", async (_, wat, expected) => {
    expect(await verdict(wat)).toContain(expected)
  })

  it.each([
    ["(func (param \"a\" u8))", "(func (param \"a\" u8))", "valid"],
    ["(func (param \"a\" u8))", "(func (param \"a\" u16))", "parameter a"],
    ["(instance (export \"f\" (func)))", "(instance)", `no export "f"`],
    ["(component (export \"f\" (func)))", "(component)", `no export "f"`],
    ["(component (import \"f\" (func)))", "(component)", "valid"],
    ["(func (param \"a\" u8))", "(func)", "1 parameters expected"],
    ["(func)", "(func (param \"a\" u8))", "0 parameters expected"],
    ["(func (param \"a\" u8))", "(func (param \"b\" u8))", "parameter names differ"],
    ["(func (result u8))", "(func)", "on one side alone"],
    ["(func)", "(func (result u8))", "on one side alone"],
    ["(tuple u8)", "(tuple u8 u8)", "another tuple"],
    ["(tuple u8 u8)", "(tuple u8)", "another tuple"],
    ["(tuple u8 u8)", "(tuple u8 u16)", "another primitive"],
    ["(record (field \"a\" u8))", "(record (field \"b\" u8))", "another record"],
    ["(record (field \"a\" u8))", "(record (field \"a\" u8) (field \"b\" u8))", "another record"],
    ["(record (field \"a\" u8))", "(record (field \"a\" s8))", "another primitive"],
    ["(record (field \"a\" u8))", "(tuple u8)", "record expected"],
    ["(variant (case \"a\"))", "(variant (case \"b\"))", "another variant"],
    ["(variant (case \"a\"))", "(variant (case \"a\") (case \"b\"))", "another variant"],
    ["(variant (case \"a\"))", "(variant (case \"a\" u8))", "on one side alone"],
    ["(enum \"a\" \"b\")", "(enum \"a\" \"c\")", "another enum"],
    ["(enum \"a\")", "(enum \"a\" \"c\")", "another enum"],
    ["(enum \"a\")", "(flags \"a\")", "enum expected"],
    ["(flags \"a\" \"b\")", "(flags \"b\" \"a\")", "another flags"],
    ["(list u8)", "(option u8)", "list expected"],
    ["(list u8)", "(list u16)", "another primitive"],
    ["(result u8)", "(result (error u8))", "on one side alone"],
    ["(result (error u8))", "(result (error u16))", "another primitive"],
    ["(component)", "u8", "component expected"],
    ["u8", "(component)", "primitive expected"]
  ])("%s and %s as types: %s", async (wanted, given, expected) => {
    const wat = `(component (component $c (type $t ${wanted}) (import "x" (type (eq $t)))) (type $t ${given})
      (instance (instantiate $c (with "x" (type $t)))))`
    expect(await verdict(wat)).toContain(expected)
  })
})

describe("a definition is malformed", () => {
  it.each([
    ["that aliases a missing export", `(component (import "i" (instance $i)) (alias export $i "f" (func)))`],
    [
      "that aliases an export of another sort",
      `(component (import "i" (instance $i (export "f" (func)))) (alias export $i "f" (instance)))`
    ],
    ["that aliases out of everything", `(component (alias outer 1 0 (type)))`],
    [
      "that aliases a component in a type",
      `(component $o (component $c) (type (component (alias outer $o $c (component)))))`
    ],
    [
      "that aliases a core module in a type",
      `(component $o (core module $m) (type (instance (alias outer $o $m (core module)))))`
    ],
    ["that aliases a missing type of its module type", `(component (core type (module (alias outer 0 0 (type)))))`],
    ["that aliases out of a module type", `(component (core type (module (alias outer 3 0 (type)))))`],
    [
      "that aliases a module type in one",
      `(component $o (core type $m (module)) (core type (module (alias outer $o $m (type)))))`
    ],
    ["that lifts to no function", `(component ${guest("")} (type $t u8) (func (type $t) (canon lift (core func $f))))`],
    ["that drops what is no resource", `(component (type $t u8) (core func (canon resource.drop $t)))`],
    ["that starts with too few arguments", `(component (import "f" (func $f (param "a" u8))) (start $f))`],
    ["that starts with too many results", `(component (import "f" (func $f)) (start $f (result (value $x))))`],
    [
      "that gives one argument twice",
      `(component (component $c) (instance $i) (instance (instantiate $c (with "a" (instance $i)) (with "a" (instance $i)))))`
    ],
    [
      "that gives two core exports one name",
      `(component ${guest("")} (core instance (export "a" (func $f)) (export "a" (func $f))))`
    ],
    [
      "that exports a value type as a resource",
      `(component (type $t u8) (export "x" (type $t) (type (sub resource))))`
    ],
    [
      "that exports a member of something imported",
      `(component (import "r" (type $r (sub resource))) (import "f" (func $f)) (export "[static]r.f" (func $f)))`
    ],
    [
      "that exports two things under one name",
      `(component (import "f" (func $f)) (export "a" (func $f)) (export "a" (func $f)))`
    ],
    [
      "that is an async constructor",
      `(component (import "r" (type $r (sub resource)))
      (import "[constructor]r" (func async (result (own $r)))))`
    ],
    [
      "that constructs an error",
      `(component (import "r" (type $r (sub resource)))
      (import "[constructor]r" (func (result (result (error (own $r)))))))`
    ]
  ])("%s", async (_, wat) => {
    expect(await verdict(wat)).toMatch(/^Malformed: /)
  })
})

describe("bytes that no text has are refused", () => {
  const func = [0x40, 0, 1, 0]
  const coreModule = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]

  it.each<[string, ReadonlyArray<ReadonlyArray<number>>, string]>([
    ["an import in an instance type", [section(7, 1, 0x42, 2, 1, ...func, 3, 0, ...name("f"), 1, 0)], "an import in"],
    ["a resource of 64 bits", [section(7, 1, 0x3f, 0x7e, 0)], "64-bit"],
    ["a resource of floats", [section(7, 1, 0x3f, 0x7d, 0)], "represented by an i32"],
    ["a destructor that may be", [section(7, 1, 0x3f, 0x7f, 2)], "byte 0 or 1"],
    ["a payload that may be", [section(7, 1, 0x6a, 2, 0)], "byte 0 or 1"],
    ["a result that may be", [section(7, 1, 0x40, 0, 2, 0)], "byte 0 or 1"],
    ["named results", [section(7, 1, 0x40, 0, 1, 1, ...name("a"), 0x7d)], "named results"],
    [
      "a type of an export that may be",
      [section(7, 1, ...func), section(10, 1, 0, ...name("f"), 1, 0), section(11, 1, 0, ...name("g"), 1, 0, 2)],
      "byte 0 or 1"
    ],
    ["values", [section(12, 0)], "values: not supported"],
    ["a record without fields", [section(7, 1, 0x72, 0)], "without members"],
    ["a label that is no name", [section(7, 1, 0x6d, 1, ...name("a_"))], "not a valid name"],
    ["a name of an unknown kind", [section(7, 1, ...func), section(10, 1, 3, ...name("f"), 1, 0)], "unknown name kind"],
    ["a core module that is none", [section(1, ...coreModule.slice(0, 4), 2, 0, 0, 0)], "not a core module"],
    [
      "a core instance in a core instance",
      [section(1, ...coreModule), section(2, 1, 0, 0, 0), section(2, 1, 1, 1, ...name("a"), 0x12, 0)],
      "cannot be used here"
    ],
    ["a module type in a module type", [section(3, 1, 0x50, 1, 1, 0x50, 0)], "a module type inside"],
    ["an alias of a core export in a type", [section(7, 1, 0x42, 1, 2, 0, 0, 1, 0, ...name("a"))], "in a type"],
    ["an unknown threads function", [section(8, 1, 0x43)], "unknown canonical function"]
  ])("%s", (_, sections, message) => {
    expect(() => ComponentBinary.decode(component(...sections))).toThrow(message)
  })

  it("more definitions of one kind than there can be", () => {
    const types = Array.from({ length: 100_001 }, () => 0x7d)
    const bytes = component(section(7, ...leb(types.length), ...types))
    expect(() => ComponentBinary.decode(bytes)).toThrow("more than 100000 items")
  })
})

describe("a small hostile component is refused at once", () => {
  const time = async (bytes: Uint8Array): Promise<{ readonly reason: string; readonly millis: number }> => {
    let millis = Infinity
    let reason = "valid"
    for (let run = 0; run < 5; run++) {
      const start = spent()
      try {
        ComponentBinary.decode(bytes)
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error
        reason = error.reason
      }
      millis = Math.min(millis, spent() - start)
    }
    return { reason, millis }
  }

  it.each([
    ["with a name that has many readings", `(component (import "a${"-1".repeat(400)}_" (func)))`, "Malformed"],
    [
      "with instances that double thirty times",
      `(component ${nest(30)})`,
      "TooLarge"
    ],
    [
      "with a chain of instances",
      `(component (component $c0) ${
        Array.from({ length: 150 }, (_, i) => `(component $c${i + 1} (instance (instantiate $c${i})))`).join(" ")
      } (instance (instantiate $c150)))`,
      "TooLarge"
    ],
    [
      "with resources that double at each use",
      `(component (type $t0 (instance (export "r" (type (sub resource))))) ${
        Array.from({ length: 25 }, (_, i) =>
          `(type $t${i + 1} (instance (alias outer 1 $t${i} (type $t)) (export "a" (instance (type $t)))
          (export "b" (instance (type $t)))))`).join(" ")
      })`,
      "TooLarge"
    ]
  ])("%s", async (_, wat, expected) => {
    const { millis, reason } = await time(await assemble(wat))
    expect(reason).toBe(expected)
    expect(millis).toBeLessThan(50)
  })
})

function nest(depth: number): string {
  return depth === 0
    ? "(core module $m) (core instance (instantiate $m))"
    : `(component $c ${nest(depth - 1)}) (instance (instantiate $c)) (instance (instantiate $c))`
}
