import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type DType, Tensor, np } from "../array/index.ts";
import { ResumeError, ShapeError } from "../errors.ts";
import { decodeSafetensors, encodeSafetensors } from "./safetensors.ts";
import { bits } from "./testExperiment.ts";

const dtypes: DType[] = ["float32", "float64", "int32", "uint32", "bool"];

const example = (): Map<string, Tensor> =>
  new Map<string, Tensor>([
    ["b.flags", np.array([true, false, true])],
    ["a", np.array([1.5, -0, Infinity])],
    ["10", np.array([[1], [2]], { dtype: "float64" })],
    ["empty", np.zeros([0, 3])],
    ["2", np.array(-7, { dtype: "int32" })],
  ]);

/** Reads a file by the specification alone. */
function readBySpecification(file: Uint8Array) {
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  const text = new TextDecoder().decode(file.subarray(8, 8 + length));
  const { __metadata__: metadata, ...tensors } = JSON.parse(text) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  return { length, text, metadata: metadata as unknown as Record<string, string>, tensors };
}

test("the file is as the safetensors specification says", async () => {
  const file = await encodeSafetensors(example(), { note: 'a "word"' });
  const { length, text, metadata, tensors } = readBySpecification(file);
  expect((8 + length) % 64).toBe(0);
  expect(text.trimEnd()).toMatch(/^\{.*\}$/);
  expect(Object.values(metadata).every((value) => typeof value === "string")).toBe(true);
  expect(metadata["note"]).toBe('a "word"');
  expect(tensors["a"]).toMatchObject({ dtype: "F32", shape: [3] });
  expect(tensors["10"]).toMatchObject({ dtype: "F64", shape: [2, 1] });
  expect(tensors["2"]).toMatchObject({ dtype: "I32", shape: [] });
  expect(tensors["b.flags"]).toMatchObject({ dtype: "BOOL", shape: [3] });
  // Names in the text are sorted (JSON.parse moves those that read like integers).
  const names = [...text.matchAll(/"([^"]+)":\{"dtype"/g)].map((match) => match[1]);
  expect(names).toEqual(["10", "2", "a", "b.flags", "empty"]);
  // Data without gaps, each tensor aligned to its element.
  const spans = Object.values(tensors)
    .map(({ data_offsets }) => data_offsets)
    .toSorted((x, y) => x[0] - y[0] || x[1] - y[1]);
  expect(spans.map(([begin]) => begin)).toEqual([0, ...spans.slice(0, -1).map(([, end]) => end)]);
  expect(spans.at(-1)![1]).toBe(file.length - 8 - length);
  const [begin] = tensors["a"]!.data_offsets;
  const view = new DataView(file.buffer, 8 + length + begin);
  expect([0, 4, 8].map((at) => view.getFloat32(at, true))).toEqual([1.5, -0, Infinity]);
  const [flags] = tensors["b.flags"]!.data_offsets;
  expect([...file.subarray(8 + length + flags, 8 + length + flags + 3)]).toEqual([1, 0, 1]);
});

test("equal content gives equal bytes, whatever the order of insertion", async () => {
  const reversed = new Map([...example()].toReversed());
  expect(await encodeSafetensors(reversed)).toEqual(await encodeSafetensors(example()));
});

const tensors = fc
  .array(
    fc.tuple(
      fc.string({ unit: "binary" }).filter((name) => name !== "__metadata__"),
      fc.record({
        dtype: fc.constantFrom(...dtypes),
        shape: fc.array(fc.nat(3), { maxLength: 3 }),
        bytes: fc.uint8Array({ minLength: 27 * 8, maxLength: 27 * 8 }),
      }),
    ),
    { maxLength: 5 },
  )
  .map((entries) => {
    const made = entries.map(([name, { dtype, shape, bytes }]): [string, Tensor] => {
      const size = shape.reduce((product, length) => product * length, 1);
      if (dtype === "bool")
        return [
          name,
          new Tensor(
            Int32Array.from(bytes.subarray(0, size), (x) => x & 1),
            shape,
            dtype,
          ),
        ];
      // Any bit pattern, NaN payloads too.
      const holder = np.zeros([0], { dtype }).data.constructor as Float32ArrayConstructor;
      return [name, new Tensor(new holder(bytes.slice().buffer, 0, size), shape, dtype)];
    });
    return new Map(made);
  });

test("tensors and metadata come back with the same bits", async () => {
  await fc.assert(
    fc.asyncProperty(tensors, fc.string({ unit: "binary" }), async (given, note) => {
      const back = await decodeSafetensors(await encodeSafetensors(given, { note }), "file");
      const sorted = Object.fromEntries([...given].toSorted());
      expect(bits(Object.fromEntries([...back.tensors].toSorted()))).toEqual(bits(sorted));
      // A lone surrogate has no UTF-8, but JSON escapes it.
      expect(back.metadata).toEqual({ note });
    }),
    { seed: 11, numRuns: 200 },
  );
});

test("a file inside a larger buffer, in a Node Buffer, or in shared memory, is read and left as it was", async () => {
  const file = await encodeSafetensors(example());
  const shifted = new Uint8Array(file.length + 3);
  shifted.set(file, 3);
  const shared = new Uint8Array(new SharedArrayBuffer(file.length));
  shared.set(file);
  for (const bytes of [shifted.subarray(3), shared, Buffer.from(file)]) {
    const { tensors: back } = await decodeSafetensors(bytes, "file");
    expect(back.get("a")!.data).toEqual(Float32Array.of(1.5, -0, Infinity));
    expect([...bytes]).toEqual([...file]);
  }
});

test(
  "every single flipped bit is detected, in length, header, padding and data",
  { tags: ["long"] },
  async () => {
    const file = await encodeSafetensors(example(), { note: "n" });
    for (let at = 0; at < file.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const flipped = file.slice();
        flipped[at]! ^= 1 << bit;
        const error: unknown = await decodeSafetensors(flipped, "runs/x.safetensors").then(
          () => `bit ${bit} of byte ${at} went unnoticed`,
          (reason: unknown) => reason,
        );
        expect(error).toBeInstanceOf(ResumeError);
        expect((error as ResumeError).message).toContain("runs/x.safetensors: ");
      }
    }
  },
);

test("a file cut anywhere, or with something after its end, is rejected", async () => {
  const file = await encodeSafetensors(example());
  for (let length = 0; length < file.length; length++) {
    await expect(decodeSafetensors(file.subarray(0, length), "cut")).rejects.toThrow(ResumeError);
  }
  const longer = new Uint8Array(file.length + 1);
  longer.set(file);
  await expect(decodeSafetensors(longer, "longer")).rejects.toThrow("longer: 1 bytes follow its data.");
});

test("random bytes give typed errors only", async () => {
  const length = fc.integer({ min: 0, max: 300 });
  const prefixed = fc.tuple(length, fc.uint8Array({ maxLength: 300 })).map(([n, rest]) => {
    const bytes = new Uint8Array(8 + rest.length);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(n), true);
    bytes.set(rest, 8);
    return bytes;
  });
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 400 }), prefixed), async (bytes) => {
      await expect(decodeSafetensors(bytes, "noise")).rejects.toThrow(ResumeError);
    }),
    { seed: 13, numRuns: 500 },
  );
});

/** A file whose header is `json` after the checksum, with a checksum that is right. */
async function forged(rest: string, dataLength = 0): Promise<Uint8Array> {
  const text = `{"__metadata__":{"sha256":"${"0".repeat(64)}"${rest}`;
  const body = new TextEncoder().encode(text);
  const header = new Uint8Array(8 + body.length);
  new DataView(header.buffer).setBigUint64(0, BigInt(body.length), true);
  header.set(body, 8);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", header));
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  header.set(new TextEncoder().encode(hex), 8 + text.indexOf("0".repeat(64)));
  const file = new Uint8Array(header.length + dataLength);
  file.set(header);
  return file;
}

test.each([
  ["no JSON", '},"a":', "is not JSON"],
  ["an unknown dtype", '},"a":{"dtype":"F8","shape":[],"data_offsets":[0,1]}}', '"a" is not understood'],
  ["a null entry", '},"a":null}', '"a" is not understood'],
  ["a negative length", '},"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}', "not understood"],
  ["a wrong span", '},"a":{"dtype":"F32","shape":[3],"data_offsets":[0,4]}}', "not that of its shape"],
  ["a gap", '},"a":{"dtype":"F32","shape":[],"data_offsets":[4,8]}}', "have a gap"],
  ["too little data", '},"a":{"dtype":"F32","shape":[9],"data_offsets":[0,36]}}', "truncated"],
  ["a missing checksum", '},"a":{"dtype":"F64","shape":[],"data_offsets":[0,8]}}', "do not match"],
])("a well-sealed header with %s is a ResumeError", async (_, rest, message) => {
  const file = await forged(rest, 8);
  await expect(decodeSafetensors(file, "forged")).rejects.toThrow(ResumeError);
  await expect(decodeSafetensors(file, "forged")).rejects.toThrow(message);
});

test("a tensor cannot have the name of the metadata", async () => {
  await expect(encodeSafetensors(new Map([["__metadata__", np.array([1])]]))).rejects.toThrow(ShapeError);
});
