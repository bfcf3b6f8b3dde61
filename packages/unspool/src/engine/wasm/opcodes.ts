/**
 * WebAssembly instructions by their text names: opcode bytes of the core specification, of fixed-width SIMD, relaxed
 * SIMD and threads, as far as the engine emits them.
 */

/** Instructions without immediates. Prefixed ones are [prefix, sub-opcode]. */
const plain: Record<string, number | readonly [number, number]> = {};

function row(first: number, names: string): void {
  names
    .trim()
    .split(/\s+/)
    .forEach((name, i) => {
      if (name !== "-") plain[name] = first + i;
    });
}

function prefixed(prefix: number, first: number, names: string): void {
  names
    .trim()
    .split(/\s+/)
    .forEach((name, i) => {
      if (name !== "-") plain[name] = [prefix, first + i];
    });
}

row(0x00, "unreachable nop");
row(0x0f, "return");
row(0x1a, "drop select");
row(
  0x45,
  `i32.eqz i32.eq i32.ne i32.lt_s i32.lt_u i32.gt_s i32.gt_u i32.le_s i32.le_u i32.ge_s i32.ge_u
  i64.eqz i64.eq i64.ne i64.lt_s i64.lt_u i64.gt_s i64.gt_u i64.le_s i64.le_u i64.ge_s i64.ge_u
  f32.eq f32.ne f32.lt f32.gt f32.le f32.ge f64.eq f64.ne f64.lt f64.gt f64.le f64.ge
  i32.clz i32.ctz i32.popcnt i32.add i32.sub i32.mul i32.div_s i32.div_u i32.rem_s i32.rem_u
  i32.and i32.or i32.xor i32.shl i32.shr_s i32.shr_u i32.rotl i32.rotr
  i64.clz i64.ctz i64.popcnt i64.add i64.sub i64.mul i64.div_s i64.div_u i64.rem_s i64.rem_u
  i64.and i64.or i64.xor i64.shl i64.shr_s i64.shr_u i64.rotl i64.rotr
  f32.abs f32.neg f32.ceil f32.floor f32.trunc f32.nearest f32.sqrt f32.add f32.sub f32.mul f32.div f32.min f32.max
  f32.copysign
  f64.abs f64.neg f64.ceil f64.floor f64.trunc f64.nearest f64.sqrt f64.add f64.sub f64.mul f64.div f64.min f64.max
  f64.copysign
  i32.wrap_i64 i32.trunc_f32_s i32.trunc_f32_u i32.trunc_f64_s i32.trunc_f64_u i64.extend_i32_s i64.extend_i32_u
  i64.trunc_f32_s i64.trunc_f32_u i64.trunc_f64_s i64.trunc_f64_u
  f32.convert_i32_s f32.convert_i32_u f32.convert_i64_s f32.convert_i64_u f32.demote_f64
  f64.convert_i32_s f64.convert_i32_u f64.convert_i64_s f64.convert_i64_u f64.promote_f32
  i32.reinterpret_f32 i64.reinterpret_f64 f32.reinterpret_i32 f64.reinterpret_i64`,
);
prefixed(
  0xfc,
  0,
  `i32.trunc_sat_f32_s i32.trunc_sat_f32_u i32.trunc_sat_f64_s i32.trunc_sat_f64_u
  i64.trunc_sat_f32_s i64.trunc_sat_f32_u i64.trunc_sat_f64_s i64.trunc_sat_f64_u`,
);
prefixed(0xfd, 14, "i8x16.swizzle i8x16.splat i16x8.splat i32x4.splat i64x2.splat f32x4.splat f64x2.splat");
prefixed(
  0xfd,
  35,
  `i8x16.eq i8x16.ne i8x16.lt_s i8x16.lt_u i8x16.gt_s i8x16.gt_u i8x16.le_s i8x16.le_u i8x16.ge_s i8x16.ge_u
  i16x8.eq i16x8.ne i16x8.lt_s i16x8.lt_u i16x8.gt_s i16x8.gt_u i16x8.le_s i16x8.le_u i16x8.ge_s i16x8.ge_u
  i32x4.eq i32x4.ne i32x4.lt_s i32x4.lt_u i32x4.gt_s i32x4.gt_u i32x4.le_s i32x4.le_u i32x4.ge_s i32x4.ge_u
  f32x4.eq f32x4.ne f32x4.lt f32x4.gt f32x4.le f32x4.ge f64x2.eq f64x2.ne f64x2.lt f64x2.gt f64x2.le f64x2.ge
  v128.not v128.and v128.andnot v128.or v128.xor v128.bitselect v128.any_true`,
);
prefixed(0xfd, 94, "f32x4.demote_f64x2_zero f64x2.promote_low_f32x4");
prefixed(0xfd, 98, "i8x16.popcnt");
prefixed(0xfd, 103, "f32x4.ceil f32x4.floor f32x4.trunc f32x4.nearest");
prefixed(0xfd, 116, "f64x2.ceil f64x2.floor - - - - f64x2.trunc");
prefixed(0xfd, 124, "i16x8.extadd_pairwise_i8x16_s i16x8.extadd_pairwise_i8x16_u");
prefixed(0xfd, 126, "i32x4.extadd_pairwise_i16x8_s i32x4.extadd_pairwise_i16x8_u");
prefixed(0xfd, 135, "i16x8.extend_low_i8x16_s i16x8.extend_high_i8x16_s i16x8.extend_low_i8x16_u");
prefixed(0xfd, 148, "f64x2.nearest");
prefixed(0xfd, 160, "i32x4.abs i32x4.neg - i32x4.all_true i32x4.bitmask");
prefixed(
  0xfd,
  167,
  `i32x4.extend_low_i16x8_s i32x4.extend_high_i16x8_s i32x4.extend_low_i16x8_u i32x4.extend_high_i16x8_u
  i32x4.shl i32x4.shr_s i32x4.shr_u i32x4.add`,
);
prefixed(0xfd, 177, "i32x4.sub");
prefixed(0xfd, 181, "i32x4.mul i32x4.min_s i32x4.min_u i32x4.max_s i32x4.max_u");
prefixed(
  0xfd,
  192,
  `i64x2.abs i64x2.neg - i64x2.all_true i64x2.bitmask - -
  i64x2.extend_low_i32x4_s i64x2.extend_high_i32x4_s i64x2.extend_low_i32x4_u i64x2.extend_high_i32x4_u
  i64x2.shl i64x2.shr_s i64x2.shr_u i64x2.add`,
);
prefixed(
  0xfd,
  209,
  "i64x2.sub - - - i64x2.mul i64x2.eq i64x2.ne i64x2.lt_s i64x2.gt_s i64x2.le_s i64x2.ge_s",
);
prefixed(
  0xfd,
  224,
  `f32x4.abs f32x4.neg - f32x4.sqrt f32x4.add f32x4.sub f32x4.mul f32x4.div f32x4.min f32x4.max f32x4.pmin f32x4.pmax
  f64x2.abs f64x2.neg - f64x2.sqrt f64x2.add f64x2.sub f64x2.mul f64x2.div f64x2.min f64x2.max f64x2.pmin f64x2.pmax
  i32x4.trunc_sat_f32x4_s i32x4.trunc_sat_f32x4_u f32x4.convert_i32x4_s f32x4.convert_i32x4_u
  i32x4.trunc_sat_f64x2_s_zero i32x4.trunc_sat_f64x2_u_zero f64x2.convert_low_i32x4_s f64x2.convert_low_i32x4_u`,
);
prefixed(0xfd, 0x105, "f32x4.relaxed_madd f32x4.relaxed_nmadd f64x2.relaxed_madd f64x2.relaxed_nmadd");

/** Loads and stores: opcode, and the natural alignment as a power of two. */
const memory: Record<string, readonly [opcode: number | readonly [number, number], align: number]> = {
  "i32.load": [0x28, 2],
  "i64.load": [0x29, 3],
  "f32.load": [0x2a, 2],
  "f64.load": [0x2b, 3],
  "i32.load8_s": [0x2c, 0],
  "i32.load8_u": [0x2d, 0],
  "i32.load16_s": [0x2e, 1],
  "i32.load16_u": [0x2f, 1],
  "i32.store": [0x36, 2],
  "i64.store": [0x37, 3],
  "f32.store": [0x38, 2],
  "f64.store": [0x39, 3],
  "i32.store8": [0x3a, 0],
  "v128.load": [[0xfd, 0], 4],
  "v128.load8_splat": [[0xfd, 7], 0],
  "v128.load32_splat": [[0xfd, 9], 2],
  "v128.load64_splat": [[0xfd, 10], 3],
  "v128.store": [[0xfd, 11], 4],
  "v128.load32_zero": [[0xfd, 92], 2],
  "v128.load64_zero": [[0xfd, 93], 3],
  "memory.atomic.notify": [[0xfe, 0], 2],
  "memory.atomic.wait32": [[0xfe, 1], 2],
  "i32.atomic.load": [[0xfe, 0x10], 2],
  "i32.atomic.store": [[0xfe, 0x17], 2],
  "i32.atomic.rmw.add": [[0xfe, 0x1e], 2],
};

/** Loads and stores of one lane: opcode, alignment. The lane follows the memory immediate. */
const laneMemory: Record<string, readonly [opcode: number, align: number]> = {
  "v128.load8_lane": [84, 0],
  "v128.load32_lane": [86, 2],
  "v128.load64_lane": [87, 3],
  "v128.store32_lane": [90, 2],
  "v128.store64_lane": [91, 3],
};

/** Moves between a lane and a scalar. */
const lanes: Record<string, number> = {
  "i8x16.extract_lane_s": 21,
  "i8x16.extract_lane_u": 22,
  "i32x4.extract_lane": 27,
  "i32x4.replace_lane": 28,
  "i64x2.extract_lane": 29,
  "i64x2.replace_lane": 30,
  "f32x4.extract_lane": 31,
  "f32x4.replace_lane": 32,
  "f64x2.extract_lane": 33,
  "f64x2.replace_lane": 34,
};

export { lanes, laneMemory, memory, plain };
