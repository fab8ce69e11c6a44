// (module (func (result v128)
//   i32.const 0 i8x16.splat, three times; i32x4.relaxed_dot_i8x16_i7x16_add_s))
// biome-ignore format: one instruction a line
const probe = Uint8Array.of(
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, // magic, version
  0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b, // type: () -> v128
  0x03, 0x02, 0x01, 0x00, // function 0 has type 0
  0x0a, 0x13, 0x01, 0x11, 0x00, // code: one body of 17 bytes, no locals
  0x41, 0x00, 0xfd, 0x0f, // i32.const 0, i8x16.splat
  0x41, 0x00, 0xfd, 0x0f,
  0x41, 0x00, 0xfd, 0x0f,
  0xfd, 0x93, 0x02, // i32x4.relaxed_dot_i8x16_i7x16_add_s
  0x0b, // end
);

/**
 * Whether this engine knows relaxed SIMD, and so runs kernel.wasm. It says nothing about the CPU: where that has no
 * such instruction, the engine makes do with others.
 */
export function supportsRelaxedSimd(): boolean {
  return WebAssembly.validate(probe);
}
