/** A program or library for x86_64 that runs nothing: just what readelf shows of its libraries. */
export function madeElf(
  { soname = null, needed = [] }: { soname?: string | null; needed?: readonly string[] },
): Uint8Array<ArrayBuffer> {
  const names = [...soname === null ? [] : [soname], ...needed];
  const offsets = names.map((_, at) => 1 + names.slice(0, at).join("\0").length + (at > 0 ? 1 : 0));
  const strings = new TextEncoder().encode(`\0${names.join("\0")}\0`);
  const dynamicAt = HEADERS_BYTES + strings.length + (8 - strings.length % 8) % 8;
  const dynamic: [tag: number, value: number][] = [
    [5, HEADERS_BYTES], // DT_STRTAB
    [10, strings.length], // DT_STRSZ
    ...offsets.map((at, index): [number, number] => [
      soname !== null && index === 0 ? 14 : 1, // DT_SONAME or DT_NEEDED
      at,
    ]),
    [0, 0],
  ];
  const length = dynamicAt + dynamic.length * 16;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 3, true); // ET_DYN
  view.setUint16(18, 62, true); // EM_X86_64
  view.setUint32(20, 1, true);
  view.setBigUint64(32, 64n, true); // program headers
  view.setUint16(52, 64, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, 2, true);
  const header = (at: number, type: number, start: number, size: number) => {
    view.setUint32(at, type, true);
    view.setUint32(at + 4, 4, true);
    for (const offset of [8, 16, 24]) view.setBigUint64(at + offset, BigInt(start), true);
    for (const offset of [32, 40]) view.setBigUint64(at + offset, BigInt(size), true);
    view.setBigUint64(at + 48, 8n, true);
  };
  header(64, 1, 0, length); // PT_LOAD
  header(120, 2, dynamicAt, dynamic.length * 16); // PT_DYNAMIC
  bytes.set(strings, HEADERS_BYTES);
  dynamic.forEach(([tag, value], index) => {
    view.setBigUint64(dynamicAt + index * 16, BigInt(tag), true);
    view.setBigUint64(dynamicAt + index * 16 + 8, BigInt(value), true);
  });
  return bytes;
}

const HEADERS_BYTES = 64 + 2 * 56;
