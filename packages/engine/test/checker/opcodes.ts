/**
 * The instructions of core modules, written from the core specification for
 * tests: it shares nothing with the table of the meter.
 *
 * One line for a run of opcodes: the first code, what follows it, the types of
 * operands and results where the opcode fixes them, and the names. Types are
 * i i32, l i64, f f32, d f64, v v128.
 */

/** What follows an opcode. */
export type Immediates =
  | "none"
  | "index"
  | "two"
  | "memory"
  | "memoryLane"
  | "lane"
  | "i32"
  | "i64"
  | "bytes4"
  | "bytes8"
  | "bytes16"
  | "block"
  | "table"
  | "types"
  | "heap"
  | "catches"

/** An instruction: `code` is its byte, or 0x1000 times the prefix plus the number after it. */
export interface Op {
  readonly code: number
  readonly name: string
  readonly immediates: Immediates
  readonly params: string
  readonly results: string
  /** Whether the operands and results are the ones above. */
  readonly fixed: boolean
}

export const fc = 0xfc000
export const fd = 0xfd000

const plain = `
0 none ? unreachable
1 none : nop
2 block ? block loop if
5 none ? else
8 index ? throw
a none ? throw_ref
b none ? end
c index ? br br_if
e table ? br_table
f none ? return
10 index ? call
11 two ? call_indirect
12 index ? return_call
13 two ? return_call_indirect
14 index ? call_ref return_call_ref
1a none ? drop select
1c types ? select_types
1f catches ? try_table
20 index ? local.get local.set local.tee global.get global.set table.get table.set
28 memory i:i i32.load
29 memory i:l i64.load
2a memory i:f f32.load
2b memory i:d f64.load
2c memory i:i i32.load8_s i32.load8_u i32.load16_s i32.load16_u
30 memory i:l i64.load8_s i64.load8_u i64.load16_s i64.load16_u i64.load32_s i64.load32_u
36 memory ii: i32.store
37 memory il: i64.store
38 memory if: f32.store
39 memory id: f64.store
3a memory ii: i32.store8 i32.store16
3c memory il: i64.store8 i64.store16 i64.store32
3f index :i memory.size
40 index i:i memory.grow
41 i32 :i i32.const
42 i64 :l i64.const
43 bytes4 :f f32.const
44 bytes8 :d f64.const
45 none i:i i32.eqz
46 none ii:i i32.eq i32.ne i32.lt_s i32.lt_u i32.gt_s i32.gt_u i32.le_s i32.le_u i32.ge_s i32.ge_u
50 none l:i i64.eqz
51 none ll:i i64.eq i64.ne i64.lt_s i64.lt_u i64.gt_s i64.gt_u i64.le_s i64.le_u i64.ge_s i64.ge_u
5b none ff:i f32.eq f32.ne f32.lt f32.gt f32.le f32.ge
61 none dd:i f64.eq f64.ne f64.lt f64.gt f64.le f64.ge
67 none i:i i32.clz i32.ctz i32.popcnt
6a none ii:i i32.add i32.sub i32.mul i32.div_s i32.div_u i32.rem_s i32.rem_u i32.and i32.or i32.xor i32.shl
75 none ii:i i32.shr_s i32.shr_u i32.rotl i32.rotr
79 none l:l i64.clz i64.ctz i64.popcnt
7c none ll:l i64.add i64.sub i64.mul i64.div_s i64.div_u i64.rem_s i64.rem_u i64.and i64.or i64.xor i64.shl
87 none ll:l i64.shr_s i64.shr_u i64.rotl i64.rotr
8b none f:f f32.abs f32.neg f32.ceil f32.floor f32.trunc f32.nearest f32.sqrt
92 none ff:f f32.add f32.sub f32.mul f32.div f32.min f32.max f32.copysign
99 none d:d f64.abs f64.neg f64.ceil f64.floor f64.trunc f64.nearest f64.sqrt
a0 none dd:d f64.add f64.sub f64.mul f64.div f64.min f64.max f64.copysign
a7 none l:i i32.wrap_i64
a8 none f:i i32.trunc_f32_s i32.trunc_f32_u
aa none d:i i32.trunc_f64_s i32.trunc_f64_u
ac none i:l i64.extend_i32_s i64.extend_i32_u
ae none f:l i64.trunc_f32_s i64.trunc_f32_u
b0 none d:l i64.trunc_f64_s i64.trunc_f64_u
b2 none i:f f32.convert_i32_s f32.convert_i32_u
b4 none l:f f32.convert_i64_s f32.convert_i64_u
b6 none d:f f32.demote_f64
b7 none i:d f64.convert_i32_s f64.convert_i32_u
b9 none l:d f64.convert_i64_s f64.convert_i64_u
bb none f:d f64.promote_f32
bc none f:i i32.reinterpret_f32
bd none d:l i64.reinterpret_f64
be none i:f f32.reinterpret_i32
bf none l:d f64.reinterpret_i64
c0 none i:i i32.extend8_s i32.extend16_s
c2 none l:l i64.extend8_s i64.extend16_s i64.extend32_s
d0 heap ? ref.null
d1 none ? ref.is_null
d2 index ? ref.func
d4 none ? ref.as_non_null
d5 index ? br_on_null br_on_non_null
`

const bulk = `
0 none f:i i32.trunc_sat_f32_s i32.trunc_sat_f32_u
2 none d:i i32.trunc_sat_f64_s i32.trunc_sat_f64_u
4 none f:l i64.trunc_sat_f32_s i64.trunc_sat_f32_u
6 none d:l i64.trunc_sat_f64_s i64.trunc_sat_f64_u
8 two iii: memory.init
9 index : data.drop
a two iii: memory.copy
b index iii: memory.fill
c two iii: table.init
d index : elem.drop
e two iii: table.copy
f index ? table.grow
10 index :i table.size
11 index ? table.fill
`

const vector = `
0 memory i:v v128.load v128.load8x8_s v128.load8x8_u v128.load16x4_s v128.load16x4_u v128.load32x2_s v128.load32x2_u
7 memory i:v v128.load8_splat v128.load16_splat v128.load32_splat v128.load64_splat
b memory iv: v128.store
c bytes16 :v v128.const
d bytes16 vv:v i8x16.shuffle
e none vv:v i8x16.swizzle
f none i:v i8x16.splat i16x8.splat i32x4.splat
12 none l:v i64x2.splat
13 none f:v f32x4.splat
14 none d:v f64x2.splat
15 lane v:i i8x16.extract_lane_s i8x16.extract_lane_u
17 lane vi:v i8x16.replace_lane
18 lane v:i i16x8.extract_lane_s i16x8.extract_lane_u
1a lane vi:v i16x8.replace_lane
1b lane v:i i32x4.extract_lane
1c lane vi:v i32x4.replace_lane
1d lane v:l i64x2.extract_lane
1e lane vl:v i64x2.replace_lane
1f lane v:f f32x4.extract_lane
20 lane vf:v f32x4.replace_lane
21 lane v:d f64x2.extract_lane
22 lane vd:v f64x2.replace_lane
23 none vv:v i8x16.eq i8x16.ne i8x16.lt_s i8x16.lt_u i8x16.gt_s i8x16.gt_u i8x16.le_s i8x16.le_u i8x16.ge_s i8x16.ge_u
2d none vv:v i16x8.eq i16x8.ne i16x8.lt_s i16x8.lt_u i16x8.gt_s i16x8.gt_u i16x8.le_s i16x8.le_u i16x8.ge_s i16x8.ge_u
37 none vv:v i32x4.eq i32x4.ne i32x4.lt_s i32x4.lt_u i32x4.gt_s i32x4.gt_u i32x4.le_s i32x4.le_u i32x4.ge_s i32x4.ge_u
41 none vv:v f32x4.eq f32x4.ne f32x4.lt f32x4.gt f32x4.le f32x4.ge f64x2.eq f64x2.ne f64x2.lt f64x2.gt f64x2.le f64x2.ge
4d none v:v v128.not
4e none vv:v v128.and v128.andnot v128.or v128.xor
52 none vvv:v v128.bitselect
53 none v:i v128.any_true
54 memoryLane iv:v v128.load8_lane v128.load16_lane v128.load32_lane v128.load64_lane
58 memoryLane iv: v128.store8_lane v128.store16_lane v128.store32_lane v128.store64_lane
5c memory i:v v128.load32_zero v128.load64_zero
5e none v:v f32x4.demote_f64x2_zero f64x2.promote_low_f32x4 i8x16.abs i8x16.neg i8x16.popcnt
63 none v:i i8x16.all_true i8x16.bitmask
65 none vv:v i8x16.narrow_i16x8_s i8x16.narrow_i16x8_u
67 none v:v f32x4.ceil f32x4.floor f32x4.trunc f32x4.nearest
6b none vi:v i8x16.shl i8x16.shr_s i8x16.shr_u
6e none vv:v i8x16.add i8x16.add_sat_s i8x16.add_sat_u i8x16.sub i8x16.sub_sat_s i8x16.sub_sat_u
74 none v:v f64x2.ceil f64x2.floor
76 none vv:v i8x16.min_s i8x16.min_u i8x16.max_s i8x16.max_u
7a none v:v f64x2.trunc
7b none vv:v i8x16.avgr_u
7c none v:v i16x8.extadd_pairwise_i8x16_s i16x8.extadd_pairwise_i8x16_u
7e none v:v i32x4.extadd_pairwise_i16x8_s i32x4.extadd_pairwise_i16x8_u
80 none v:v i16x8.abs i16x8.neg
82 none vv:v i16x8.q15mulr_sat_s
83 none v:i i16x8.all_true i16x8.bitmask
85 none vv:v i16x8.narrow_i32x4_s i16x8.narrow_i32x4_u
87 none v:v i16x8.extend_low_s i16x8.extend_high_s i16x8.extend_low_u i16x8.extend_high_u
8b none vi:v i16x8.shl i16x8.shr_s i16x8.shr_u
8e none vv:v i16x8.add i16x8.add_sat_s i16x8.add_sat_u i16x8.sub i16x8.sub_sat_s i16x8.sub_sat_u
94 none v:v f64x2.nearest
95 none vv:v i16x8.mul i16x8.min_s i16x8.min_u i16x8.max_s i16x8.max_u
9b none vv:v i16x8.avgr_u i16x8.extmul_low_s i16x8.extmul_high_s i16x8.extmul_low_u i16x8.extmul_high_u
a0 none v:v i32x4.abs i32x4.neg
a3 none v:i i32x4.all_true i32x4.bitmask
a7 none v:v i32x4.extend_low_s i32x4.extend_high_s i32x4.extend_low_u i32x4.extend_high_u
ab none vi:v i32x4.shl i32x4.shr_s i32x4.shr_u
ae none vv:v i32x4.add
b1 none vv:v i32x4.sub
b5 none vv:v i32x4.mul i32x4.min_s i32x4.min_u i32x4.max_s i32x4.max_u i32x4.dot_i16x8_s
bc none vv:v i32x4.extmul_low_s i32x4.extmul_high_s i32x4.extmul_low_u i32x4.extmul_high_u
c0 none v:v i64x2.abs i64x2.neg
c3 none v:i i64x2.all_true i64x2.bitmask
c7 none v:v i64x2.extend_low_s i64x2.extend_high_s i64x2.extend_low_u i64x2.extend_high_u
cb none vi:v i64x2.shl i64x2.shr_s i64x2.shr_u
ce none vv:v i64x2.add
d1 none vv:v i64x2.sub
d5 none vv:v i64x2.mul i64x2.eq i64x2.ne i64x2.lt_s i64x2.gt_s i64x2.le_s i64x2.ge_s
dc none vv:v i64x2.extmul_low_s i64x2.extmul_high_s i64x2.extmul_low_u i64x2.extmul_high_u
e0 none v:v f32x4.abs f32x4.neg
e3 none v:v f32x4.sqrt
e4 none vv:v f32x4.add f32x4.sub f32x4.mul f32x4.div f32x4.min f32x4.max f32x4.pmin f32x4.pmax
ec none v:v f64x2.abs f64x2.neg
ef none v:v f64x2.sqrt
f0 none vv:v f64x2.add f64x2.sub f64x2.mul f64x2.div f64x2.min f64x2.max f64x2.pmin f64x2.pmax
f8 none v:v i32x4.trunc_sat_f32x4_s i32x4.trunc_sat_f32x4_u f32x4.convert_i32x4_s f32x4.convert_i32x4_u
fc none v:v i32x4.trunc_sat_f64x2_s_zero i32x4.trunc_sat_f64x2_u_zero f64x2.convert_low_i32x4_s f64x2.convert_low_i32x4_u
100 none vv:v i8x16.relaxed_swizzle
101 none v:v i32x4.relaxed_trunc_f32x4_s i32x4.relaxed_trunc_f32x4_u
103 none v:v i32x4.relaxed_trunc_f64x2_s_zero i32x4.relaxed_trunc_f64x2_u_zero
105 none vvv:v f32x4.relaxed_madd f32x4.relaxed_nmadd f64x2.relaxed_madd f64x2.relaxed_nmadd
109 none vvv:v i8x16.relaxed_laneselect i16x8.relaxed_laneselect i32x4.relaxed_laneselect i64x2.relaxed_laneselect
10d none vv:v f32x4.relaxed_min f32x4.relaxed_max f64x2.relaxed_min f64x2.relaxed_max
111 none vv:v i16x8.relaxed_q15mulr_s i16x8.relaxed_dot_i8x16_i7x16_s
113 none vvv:v i32x4.relaxed_dot_i8x16_i7x16_add_s
`

const parse = (text: string, prefix: number): Array<Op> =>
  text.trim().split("\n").flatMap((line) => {
    const [first = "", immediates = "none", types = "", ...names] = line.split(" ")
    const fixed = types !== "?"
    const [params = "", results = ""] = fixed ? types.split(":") : []
    return names.map((name, index) => {
      const code = prefix + Number.parseInt(first, 16) + index
      return { code, name, immediates: immediates as Immediates, params, results, fixed }
    })
  })

/** All instructions, in the order of their codes. */
export const ops: ReadonlyArray<Op> = [...parse(plain, 0), ...parse(bulk, fc), ...parse(vector, fd)]

/** By code, which is unique. */
export const byCode: ReadonlyMap<number, Op> = new Map(ops.map((op) => [op.code, op]))

const byName: ReadonlyMap<string, Op> = new Map(ops.map((op) => [op.name, op]))

export const op = (name: string): Op => {
  const found = byName.get(name)
  if (found === undefined) throw new Error(`no instruction ${name}`)
  return found
}

const codes = (name: string): number => op(name).code

/** Codes that the checker tells apart. */
export const Code = {
  unreachable: codes("unreachable"),
  block: codes("block"),
  loop: codes("loop"),
  if: codes("if"),
  else: codes("else"),
  end: codes("end"),
  throw: codes("throw"),
  throwRef: codes("throw_ref"),
  br: codes("br"),
  brIf: codes("br_if"),
  brTable: codes("br_table"),
  return: codes("return"),
  call: codes("call"),
  callIndirect: codes("call_indirect"),
  returnCall: codes("return_call"),
  returnCallIndirect: codes("return_call_indirect"),
  callRef: codes("call_ref"),
  returnCallRef: codes("return_call_ref"),
  tryTable: codes("try_table"),
  localGet: codes("local.get"),
  localSet: codes("local.set"),
  localTee: codes("local.tee"),
  globalGet: codes("global.get"),
  globalSet: codes("global.set"),
  memoryGrow: codes("memory.grow"),
  i32Const: codes("i32.const"),
  brOnNull: codes("br_on_null"),
  brOnNonNull: codes("br_on_non_null"),
  memoryInit: codes("memory.init"),
  memoryCopy: codes("memory.copy"),
  memoryFill: codes("memory.fill"),
  tableInit: codes("table.init"),
  tableCopy: codes("table.copy"),
  tableGrow: codes("table.grow"),
  tableFill: codes("table.fill")
} as const
