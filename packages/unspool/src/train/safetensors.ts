/**
 * The safetensors format: eight bytes of header length (little-endian), a JSON header padded with spaces, raw
 * little-endian data. Any safetensors reader opens these files; what we add stands in the header's metadata.
 *
 * Every byte is covered by a checksum. The metadata hold the SHA-256 of each tensor's data, and `sha256`, that of
 * the header (length and padding included, with zeros in place of this digest) and so of all that the header
 * vouches for. Data leave no gaps, so nothing is hashed twice and nothing escapes.
 *
 * The hashes come from Web Crypto, which Node and browsers have: native speed and no cryptography of our own. It
 * is asynchronous, and so are reading and writing, which happen at the edge of a run anyway. A page that is not
 * served from https or localhost has no Web Crypto: there a run can train but not keep checkpoints.
 *
 * @see https://huggingface.co/docs/safetensors
 */
import { type DType, Tensor, type TensorData } from "../array/index.ts";
import { ResumeError, ShapeError, UnspoolError } from "../errors.ts";

export interface SafetensorsFile {
  tensors: Map<string, Tensor>;
  /** Without the checksums. */
  metadata: Record<string, string>;
}

type Bytes = Uint8Array<ArrayBuffer>;

interface Format {
  name: string;
  width: number;
  make: (bytes: Bytes) => TensorData;
}

const formats: Record<DType, Format> = {
  float64: { name: "F64", width: 8, make: (bytes) => new Float64Array(bytes.buffer) },
  float32: { name: "F32", width: 4, make: (bytes) => new Float32Array(bytes.buffer) },
  int32: { name: "I32", width: 4, make: (bytes) => new Int32Array(bytes.buffer) },
  uint32: { name: "U32", width: 4, make: (bytes) => new Uint32Array(bytes.buffer) },
  bool: { name: "BOOL", width: 1, make: (bytes) => Int32Array.from(bytes) },
};

const dtypeByName = new Map(Object.entries(formats).map(([dtype, { name }]) => [name, dtype as DType]));

/** Data begin at a multiple of a cache line. */
const alignment = 64;
/** The reference implementation refuses longer headers. */
const longestHeader = 100_000_000;
const digestLength = 64;
const headerStart = '{"__metadata__":{"sha256":"';
const checksumPrefix = "sha256:";

/** Writes tensors and metadata (strings). Names are sorted; wide numbers stand first in the data, so all are aligned. */
export async function encodeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<Bytes> {
  const names = [...tensors.keys()].toSorted();
  if (names.includes("__metadata__")) {
    throw new ShapeError("encodeSafetensors", 'a tensor cannot be called "__metadata__". Rename it.');
  }
  const widthOf = (name: string) => formats[tensors.get(name)!.dtype].width;
  const placed = names.toSorted((a, b) => widthOf(b) - widthOf(a));
  const bodies = new Map<string, Bytes>();
  const offsets = new Map<string, [number, number]>();
  const checksums: [string, string][] = [];
  let end = 0;
  for (const name of placed) {
    const body = toBytes(tensors.get(name)!);
    bodies.set(name, body);
    offsets.set(name, [end, (end += body.length)]);
  }
  for (const name of names) checksums.push([checksumPrefix + name, await sha256(bodies.get(name)!)]);

  // By hand, because JSON.stringify puts keys that read like integers before all others.
  const pairs = (entries: [string, unknown][]) =>
    entries.map(([name, value]) => `,${JSON.stringify(name)}:${JSON.stringify(value)}`).join("");
  const described = names.map((name): [string, unknown] => {
    const { dtype, shape } = tensors.get(name)!;
    return [name, { dtype: formats[dtype].name, shape, data_offsets: offsets.get(name) }];
  });
  const json = `${headerStart}${"0".repeat(digestLength)}"${pairs([...Object.entries(metadata), ...checksums])}}${pairs(described)}}`;
  const header = pack(new TextEncoder().encode(json));
  header.set(new TextEncoder().encode(await sha256(header)), 8 + headerStart.length);

  const file = new Uint8Array(header.length + end);
  file.set(header);
  for (const [name, body] of bodies) file.set(body, header.length + offsets.get(name)![0]);
  return file;
}

/** Header length, JSON, and spaces up to the alignment. */
function pack(json: Uint8Array): Bytes {
  const length = Math.ceil((8 + json.length) / alignment) * alignment;
  const header = new Uint8Array(length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length - 8), true);
  header.set(json, 8);
  return header;
}

/**
 * Reads what `encodeSafetensors` wrote. A file with a single changed byte, or cut short, is a `ResumeError` that
 * names the file (`fileName`, as it should stand in the message) and what is wrong with it.
 */
export async function decodeSafetensors(given: Uint8Array, fileName: string): Promise<SafetensorsFile> {
  const bytes = plainBytes(given);
  const header = readHeader(bytes, fileName);
  const start = 8 + headerStart.length;
  const expected = new TextDecoder().decode(header.subarray(start, start + digestLength));
  const blanked = header.slice();
  blanked.fill(0x30, start, start + digestLength);
  if ((await sha256(blanked)) !== expected) throw damaged(fileName, "the header does not match its checksum");

  const parsed = parseHeader(header, fileName);
  const data = bytes.subarray(header.length);
  const entries = locate(parsed, data.length, fileName);
  const tensors = new Map<string, Tensor>();
  for (const { name, dtype, shape, begin, end } of entries) {
    const body = data.slice(begin, end);
    if ((await sha256(body)) !== parsed.checksums[name]) {
      throw damaged(fileName, `the data of ${JSON.stringify(name)} do not match their checksum`);
    }
    tensors.set(name, new Tensor(formats[dtype].make(body), shape, dtype));
  }
  return { tensors, metadata: parsed.metadata };
}

/** The same bytes as a plain Uint8Array on its own thread: the `slice` of a Node Buffer would share its memory. */
function plainBytes({ buffer, byteOffset, byteLength }: Uint8Array): Bytes {
  if (buffer instanceof ArrayBuffer) return new Uint8Array(buffer, byteOffset, byteLength);
  return new Uint8Array(new Uint8Array(buffer, byteOffset, byteLength));
}

/** Header with its length and padding, known to be of our form. */
function readHeader(bytes: Bytes, fileName: string): Bytes {
  if (bytes.length < 8) throw damaged(fileName, `it has ${bytes.length} bytes, too few for a header`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > longestHeader) throw damaged(fileName, `its header claims ${length} bytes`);
  if (8 + length > bytes.length) {
    throw damaged(
      fileName,
      `it is truncated: the header needs ${8 + length} bytes, the file has ${bytes.length}`,
    );
  }
  const header = bytes.subarray(0, 8 + length);
  const start = new TextDecoder().decode(header.subarray(8, 8 + headerStart.length));
  if (start !== headerStart || length < headerStart.length + digestLength) {
    throw damaged(fileName, "its header has no checksum: it is damaged or was not written by Unspool");
  }
  return header;
}

interface ParsedHeader {
  metadata: Record<string, string>;
  checksums: Record<string, string>;
  tensors: Record<string, unknown>;
}

function parseHeader(header: Bytes, fileName: string): ParsedHeader {
  let parsed: Record<string, unknown>;
  try {
    parsed = JSON.parse(
      new TextDecoder("utf-8", { fatal: true }).decode(header.subarray(8)),
    ) as typeof parsed;
  } catch (error) {
    throw damaged(fileName, `its header is not JSON (${(error as Error).message})`);
  }
  const { __metadata__: all, ...tensors } = parsed;
  const entries = Object.entries(all as Record<string, string>).filter(([name]) => name !== "sha256");
  const isChecksum = ([name]: [string, string]) => name.startsWith(checksumPrefix);
  return {
    metadata: Object.fromEntries(entries.filter((entry) => !isChecksum(entry))),
    checksums: Object.fromEntries(
      entries.filter(isChecksum).map(([name, digest]) => [name.slice(checksumPrefix.length), digest]),
    ),
    tensors,
  };
}

interface Entry {
  name: string;
  dtype: DType;
  shape: number[];
  begin: number;
  end: number;
}

/** The tensors in the order of their data, which must fill the rest of the file without gaps. */
function locate(header: ParsedHeader, dataLength: number, fileName: string): Entry[] {
  const entries = Object.entries(header.tensors).map(([name, value]) => readEntry(name, value, fileName));
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let next = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== next) throw damaged(fileName, `the data before ${JSON.stringify(name)} have a gap`);
    next = end;
  }
  if (next > dataLength) {
    throw damaged(fileName, `it is truncated: the data need ${next} bytes, the file has ${dataLength}`);
  }
  if (next < dataLength) throw damaged(fileName, `${dataLength - next} bytes follow its data`);
  return entries;
}

function readEntry(name: string, value: unknown, fileName: string): Entry {
  const { dtype: format, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  const dtype = dtypeByName.get(format as string);
  const isCounts = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((n) => Number.isSafeInteger(n) && n >= 0);
  if (dtype === undefined || !isCounts(shape) || !isCounts(offsets) || offsets.length !== 2) {
    throw damaged(fileName, `its entry ${JSON.stringify(name)} is not understood: ${JSON.stringify(value)}`);
  }
  const [begin, end] = offsets as [number, number];
  const size = shape.reduce((product, length) => product * length, 1) * formats[dtype].width;
  if (end - begin !== size)
    throw damaged(fileName, `the length of ${JSON.stringify(name)} is not that of its shape`);
  return { name, dtype, shape, begin, end };
}

function toBytes(tensor: Tensor): Bytes {
  const { data, dtype } = tensor;
  if (dtype === "bool") return Uint8Array.from(data, (value) => Number(value !== 0));
  const bytes = new Uint8Array(data.byteLength);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return bytes;
}

async function sha256(bytes: Bytes): Promise<string> {
  // Absent on pages that are not from https or localhost, whatever the types say.
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (subtle === undefined) {
    throw new UnspoolError(
      "STORE",
      "safetensors: this host has no Web Crypto, which checksums need. Serve the page from https or localhost.",
    );
  }
  const digest = new Uint8Array(await subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function damaged(fileName: string, problem: string): ResumeError {
  return new ResumeError(fileName, `${problem}.`, { file: fileName });
}
