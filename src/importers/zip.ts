import { type FileHandle, open } from "node:fs/promises";
import { promisify } from "node:util";
import { crc32, inflateRaw, zstdDecompress } from "node:zlib";
import { fail, ok, type Result } from "../core/result.ts";
import type { ImportCode } from "./importer.ts";

/** An open zip archive; entries are read one at a time, so that its size does not matter. */
export interface Zip {
  /** Names of the files inside, sorted. */
  readonly names: readonly string[];
  readText(name: string): Promise<Result<string, ImportCode>>;
  close(): Promise<void>;
}

interface Entry {
  readonly method: number;
  readonly checksum: number;
  readonly compressedBytes: number;
  readonly headerOffset: number;
}

// Far above any sample of an evaluation; a few KB can unpack to gigabytes.
const MAX_ENTRY_BYTES = 256 * 1024 ** 2;
const limits = { maxOutputLength: MAX_ENTRY_BYTES };

/** How an entry may be compressed: APPNOTE 4.4.5. Unpacking ends at the limit, whatever the directory says. */
const methods: ReadonlyMap<number, (bytes: Buffer) => Promise<Buffer>> = new Map([
  [0, async (bytes: Buffer) => bytes],
  [8, (bytes: Buffer) => promisify<Buffer, object, Buffer>(inflateRaw)(bytes, limits)],
  [93, (bytes: Buffer) => promisify<Buffer, object, Buffer>(zstdDecompress)(bytes, limits)],
]);

const END_SIGNATURE = 0x06054b50;
const END64_LOCATOR_SIGNATURE = 0x07064b50;
const ENTRY_SIGNATURE = 0x02014b50;
const END_BYTES = 22;
const END64_LOCATOR_BYTES = 20;
// The end record is followed by a comment of at most 64 KiB.
const MAX_TAIL_BYTES = END_BYTES + END64_LOCATOR_BYTES + 65_535;
const IS_IN_ZIP64 = 0xffffffff;

/**
 * Opens a zip archive, also zip64, whose entries are stored, deflated or zstd-compressed
 * (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT).
 */
export async function openZip(file: string, noun: string): Promise<Result<Zip, ImportCode>> {
  let handle: FileHandle;
  try {
    handle = await open(file);
  } catch (error) {
    return fail(
      "unreadable_file",
      `${file}: cannot be read (${(error as Error).message}); check the path`,
      file,
    );
  }
  const entries = await readDirectory(handle).catch(() => undefined);
  if (entries === undefined) {
    await handle.close();
    return fail("broken_zip", `${file}:1: not ${noun}: not a whole zip archive; was the file cut off?`, file);
  }
  return ok({
    names: [...entries.keys()].sort(),
    close: () => handle.close(),
    async readText(name) {
      const entry = entries.get(name);
      if (entry === undefined)
        return fail("wrong_format", `${file}:1: not ${noun}: it holds no ${name}`, file);
      try {
        return ok(new TextDecoder("utf-8", { fatal: true }).decode(await readEntry(handle, entry)));
      } catch (error) {
        return fail(
          "broken_zip",
          `${file}/${name}:1: cannot be unpacked (${(error as Error).message})`,
          file,
        );
      }
    },
  });
}

async function readDirectory(handle: FileHandle): Promise<ReadonlyMap<string, Entry>> {
  const { size } = await handle.stat();
  const tail = await readBytes(handle, Math.max(0, size - MAX_TAIL_BYTES), Math.min(size, MAX_TAIL_BYTES));
  let end = tail.length - END_BYTES;
  while (end >= 0 && tail.readUInt32LE(end) !== END_SIGNATURE) end--;
  if (end < 0) throw new Error("no end of central directory");
  const { offset, bytes } = await locateDirectory(handle, tail, end);
  const directory = await readBytes(handle, offset, bytes);
  const entries = new Map<string, Entry>();
  for (let at = 0; at < directory.length; ) {
    if (directory.readUInt32LE(at) !== ENTRY_SIGNATURE) throw new Error("broken central directory");
    const nameBytes = directory.readUInt16LE(at + 28);
    const extraBytes = directory.readUInt16LE(at + 30);
    const name = directory.toString("utf8", at + 46, at + 46 + nameBytes);
    const extra = directory.subarray(at + 46 + nameBytes, at + 46 + nameBytes + extraBytes);
    entries.set(name, readSizes(directory.subarray(at, at + 46), extra));
    at += 46 + nameBytes + extraBytes + directory.readUInt16LE(at + 32);
  }
  // Entries that share their bytes make gigabytes of a small file, each of them within the limit of one.
  const packed = [...entries.values()].reduce((sum, { compressedBytes }) => sum + compressedBytes, 0);
  if (packed > size) throw new Error("entries overlap");
  return entries;
}

async function locateDirectory(
  handle: FileHandle,
  tail: Buffer,
  end: number,
): Promise<{ offset: number; bytes: number }> {
  const locator = end - END64_LOCATOR_BYTES;
  if (locator < 0 || tail.readUInt32LE(locator) !== END64_LOCATOR_SIGNATURE) {
    return { bytes: tail.readUInt32LE(end + 12), offset: tail.readUInt32LE(end + 16) };
  }
  const end64 = await readBytes(handle, Number(tail.readBigUInt64LE(locator + 8)), 56);
  return { bytes: Number(end64.readBigUInt64LE(40)), offset: Number(end64.readBigUInt64LE(48)) };
}

/** Sizes that do not fit 32 bits stand in the extra field 1, in this order, and only those that do not fit. */
function readSizes(header: Buffer, extra: Buffer): Entry {
  let wide: Buffer = Buffer.alloc(0);
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) === 1) wide = extra.subarray(at + 4, at + 4 + extra.readUInt16LE(at + 2));
  }
  let used = 0;
  const [, compressedBytes, headerOffset] = [24, 20, 42].map((field) => {
    const value = header.readUInt32LE(field);
    if (value !== IS_IN_ZIP64) return value;
    used += 8;
    return Number(wide.readBigUInt64LE(used - 8));
  }) as [number, number, number];
  return {
    method: header.readUInt16LE(10),
    checksum: header.readUInt32LE(16),
    compressedBytes,
    headerOffset,
  };
}

async function readEntry(handle: FileHandle, entry: Entry): Promise<Buffer> {
  const unpack = methods.get(entry.method);
  if (unpack === undefined) throw new Error(`compression method ${entry.method} is not known`);
  const header = await readBytes(handle, entry.headerOffset, 30);
  const start = entry.headerOffset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  const bytes = await unpack(await readBytes(handle, start, entry.compressedBytes));
  if (crc32(bytes) !== entry.checksum) throw new Error("its checksum is another one");
  return bytes;
}

async function readBytes(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  // Lengths stand in the file: none may reserve more memory than the file has bytes.
  const { size } = await handle.stat();
  if (offset + length > size) throw new Error("the archive ends too early");
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, offset);
  if (bytesRead < length) throw new Error("the archive ends too early");
  return buffer;
}
