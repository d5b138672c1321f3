/** Translates UTF-8 byte offsets of a text to UTF-16 offsets. ASCII texts need no table. */
export function createByteMap(text: string): (byte: number) => number {
  if (/^[\x00-\x7f]*$/.test(text)) return (byte) => Math.min(byte, text.length);
  const offsets: number[] = [];
  for (let i = 0; i < text.length; ) {
    const code = text.codePointAt(i) ?? 0;
    const bytes = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (let k = 0; k < bytes; k++) offsets.push(i);
    i += code < 0x10000 ? 1 : 2;
  }
  offsets.push(text.length);
  return (byte) => offsets[byte] ?? text.length;
}

/** UTF-16 offset of a code point's index. */
export function codePointToOffset(text: string, codePoint: number): number {
  let offset = 0;
  for (let count = 0; count < codePoint && offset < text.length; count++) {
    const c = text.charCodeAt(offset);
    const next = text.charCodeAt(offset + 1);
    offset += c >= 0xd800 && c < 0xdc00 && next >= 0xdc00 && next < 0xe000 ? 2 : 1;
  }
  return offset;
}
