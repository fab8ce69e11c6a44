import { randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { crc32, createGzip, deflateRawSync, gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formats } from "../../src/importers/formats.ts";
import { openZip } from "../../src/importers/zip.ts";
import { readJsonLines } from "../../src/outcomes/json-lines.ts";

// Files that unpack to far more than they are: other people's results are imported and trained on.
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-bombs-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const MEGABYTE = 1024 ** 2;
const megabytesNow = () => process.memoryUsage().rss / MEGABYTE;

interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly packed: Buffer;
  readonly checksum: number;
  /** What the directory claims, where that is a lie. */
  readonly claimedBytes?: number;
  readonly claimedOffset?: number;
}

async function writeZip({ name, method, packed, checksum, ...claimed }: ZipEntry): Promise<string> {
  const { claimedBytes = packed.length, claimedOffset = 0 } = claimed;
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(name.length, 26);
  const directory = Buffer.alloc(46);
  directory.writeUInt32LE(0x02014b50, 0);
  directory.writeUInt16LE(method, 10);
  directory.writeUInt32LE(checksum, 16);
  directory.writeUInt32LE(claimedBytes, 20);
  directory.writeUInt16LE(name.length, 28);
  directory.writeUInt32LE(claimedOffset, 42);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt32LE(46 + name.length, 12);
  end.writeUInt32LE(30 + name.length + packed.length, 16);
  const file = join(folder, `${crypto.randomUUID()}.zip`);
  await writeFile(file, Buffer.concat([local, Buffer.from(name), packed, directory, Buffer.from(name), end]));
  return file;
}

async function readOnly(file: string) {
  const zip = await openZip(file, "a test archive");
  if (!zip.ok) return zip;
  try {
    return await zip.value.readText("a.json");
  } finally {
    await zip.value.close();
  }
}

describe("zip archives", () => {
  const zeros = Buffer.alloc(300 * MEGABYTE);

  test.each([
    ["deflate", 8, () => deflateRawSync(zeros)],
    ["zstd", 93, () => zstdCompressSync(zeros)],
  ])("an entry that %s makes a thousandfold of ends at the limit", async (_, method, pack) => {
    const packed = pack();
    expect(packed.length).toBeLessThan(MEGABYTE);
    const read = await readOnly(await writeZip({ name: "a.json", method, packed, checksum: crc32(zeros) }));
    expect(read.ok ? "unpacked" : read.failure.code).toBe("broken_zip");
  });

  test("one that is as large as evaluations get is read", async () => {
    const text = Buffer.from(JSON.stringify({ samples: "x".repeat(20 * MEGABYTE) }));
    const file = await writeZip({
      name: "a.json",
      method: 8,
      packed: deflateRawSync(text),
      checksum: crc32(text),
    });
    const read = await readOnly(file);
    expect(read.ok && read.value.length).toBe(text.length);
  });

  test.each([
    ["claims four gigabytes", { claimedBytes: 0xfffffffe }],
    ["begins behind the end", { claimedOffset: 0xfffffffe }],
  ])("an entry that %s reserves nothing", async (_, claims) => {
    const packed = deflateRawSync(Buffer.from("{}"));
    const before = megabytesNow();
    const file = await writeZip({ name: "a.json", method: 8, packed, checksum: 0, ...claims });
    const read = await readOnly(file);
    expect(read.ok ? "unpacked" : read.failure.code).toBe("broken_zip");
    expect(megabytesNow() - before).toBeLessThan(100);
  });

  test("entries that share their bytes are refused", async () => {
    const packed = randomBytes(1000);
    const file = await writeZip({ name: "a.json", method: 0, packed, checksum: crc32(packed) });
    const bytes = await readFile(file);
    const [at, length] = [bytes.readUInt32LE(bytes.length - 6), bytes.readUInt32LE(bytes.length - 10)];
    const entry = bytes.subarray(at, at + length);
    // A hundred names for one entry; only the names differ.
    const entries = Array.from({ length: 100 }, (_, k) => {
      const other = Buffer.from(entry);
      other.write(`${String(k).padStart(6, "0")}`, 46);
      return other;
    });
    const end = Buffer.from(bytes.subarray(bytes.length - 22));
    end.writeUInt32LE(length * entries.length, 12);
    await writeFile(file, Buffer.concat([bytes.subarray(0, at), ...entries, end]));
    const zip = await openZip(file, "a test archive");
    expect(zip.ok ? "opened" : zip.failure.code).toBe("broken_zip");
  });

  test("a directory that claims to be larger than the file is refused", async () => {
    const file = await writeZip({ name: "a.json", method: 0, packed: Buffer.from("{}"), checksum: 0 });
    const { size } = await stat(file);
    const { open } = await import("node:fs/promises");
    const handle = await open(file, "r+");
    await handle.write(Buffer.from([0xfe, 0xff, 0xff, 0xff]), 0, 4, size - 22 + 12);
    await handle.close();
    const zip = await openZip(file, "a test archive");
    expect(zip.ok ? "opened" : zip.failure.code).toBe("broken_zip");
  });
});

/** Lines of a kilobyte that pack to some bytes, or to some dozens where each has something of its own. */
async function writeLines(name: string, lines: number, own: (k: number) => string): Promise<string> {
  const file = join(folder, name);
  const blocks = async function* () {
    for (let k = 0; k < lines; k += 1000) {
      const block = Array.from({ length: 1000 }, (_, n) => `{"a":"${own(k + n)}${"x".repeat(1000)}"}\n`);
      yield block.join("");
    }
  };
  await pipeline(blocks, createGzip(), createWriteStream(file));
  return file;
}

/** How many lines were read, how it ended, and the megabytes that it took. */
async function readAll(file: string) {
  const before = megabytesNow();
  let read = 0;
  let most = before;
  for await (const result of readJsonLines(file)) {
    if (!result.ok) return { read, code: result.failure.code, megabytes: most - before };
    if (++read % 10_000 === 0) most = Math.max(most, megabytesNow());
  }
  return { read, code: undefined, megabytes: most - before };
}

test("gzip of outcomes is read line by line, however large: what is kept is a line", async () => {
  const file = await writeLines("lines.jsonl.gz", 300_000, () => randomBytes(30).toString("base64"));
  expect((await stat(file)).size).toBeLessThan(20 * MEGABYTE);
  const { read, code, megabytes } = await readAll(file);
  expect([read, code]).toEqual([300_000, undefined]);
  // 300 MB pass through; what is kept is a line and the garbage of the last few.
  expect(megabytes).toBeLessThan(200);
});

test("gzip of lines that unpacks to gigabytes ends at 256 MB", async () => {
  const file = await writeLines("bomb.jsonl.gz", 300_000, () => "");
  expect((await stat(file)).size).toBeLessThan(3 * MEGABYTE);
  const { read, code } = await readAll(file);
  expect(code).toBe("file_too_large");
  expect(read).toBeLessThan(290_000);
});

test("a line without an end is refused once it is longer than any result", async () => {
  const file = join(folder, "endless.jsonl.gz");
  await writeFile(file, gzipSync(Buffer.alloc(80 * MEGABYTE, "x")));
  const results: unknown[] = [];
  for await (const result of readJsonLines(file)) results.push(result);
  expect(results).toMatchObject([
    { ok: false, failure: { code: "line_too_long", message: expect.stringContaining(`${file}:1`) } },
  ]);
});

/** Hundreds of megabytes of spaces in less than one. */
async function writeGzip(name: string, begin: string, filler: string): Promise<string> {
  const file = join(folder, name);
  const gzip = createGzip({ level: 9 });
  const block = Buffer.alloc(16 * MEGABYTE, filler);
  const blocks = async function* () {
    yield Buffer.from(begin);
    for (let k = 0; k < 24; k++) yield block;
  };
  await pipeline(blocks, gzip, createWriteStream(file));
  expect((await stat(file)).size).toBeLessThan(MEGABYTE);
  return file;
}

test.each([
  ["promptfoo", "file_too_large"],
  ["inspect", "file_too_large"],
  ["csv", "line_too_long"],
  ["openai-evals", "line_too_long"],
] as const)("hundreds of megabytes in gzip for %s ends at a limit", async (format, code) => {
  const begin = { csv: 'prompt,"', embedllm: 'prompt,"', routerbench: 'sample_id,"' } as Record<
    string,
    string
  >;
  const file = await writeGzip(`${format}.gz`, begin[format] ?? "[", " ");
  const before = megabytesNow();
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, megabytesNow());
  }, 20);
  const items: unknown[] = [];
  for await (const item of formats[format].read(file, { metrics: [], maxScore: 1, model: "x" }))
    items.push(item);
  clearInterval(watch);
  expect(items.at(-1)).toMatchObject({ ok: false, failure: { code } });
  // What is read before the limit, and its garbage; it took 3.2 GB of a gigabyte.
  expect(most - before).toBeLessThan(900);
});
