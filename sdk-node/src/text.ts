/** What can be wrong with a text that the stores behind the API refuse. */
export type Fault = "nul_character" | "invalid_utf8";

// Most texts have neither; only those that do are looked at by code point.
const suspicious = /[\0\ud800-\udfff]/;
// With the flag u a pair is one code point, so that only half of one matches.
const loneSurrogate = /\p{Surrogate}/u;

/** Looks for NUL and for half of a surrogate pair, which has no UTF-8. */
export function faultIn(text: string): Fault | undefined {
  if (!suspicious.test(text)) return undefined;
  if (loneSurrogate.test(text)) return "invalid_utf8";
  return text.includes("\0") ? "nul_character" : undefined;
}

/** What to say about a fault. */
export function faultMessage(fault: Fault): string {
  return fault === "nul_character"
    ? "holds a NUL character; remove it"
    : "holds half of a surrogate pair, which is no valid text; do not cut strings between the two";
}

/** The number of characters (code points) in a text without faults. */
export function charactersIn(text: string): number {
  let count = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0xd800 && unit < 0xdc00) count--;
  }
  return count;
}
