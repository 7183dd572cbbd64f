// The expressions of a trend's formulas, as the server reads them
// (docs/semantics.md, "Formulas"): what is wrong with one is said while it is
// typed, and one that is half made does not take the answer away.
import { MAX_SERIES, seriesLetter, type Formula } from "./question";

const MAX_EXPRESSION = 500;
const MAX_DEPTH = 50;

/** Why the server would not take the expression with so many series; null where it would. Characters count from 1. */
export function formulaProblem(expression: string, series: number): string | null {
  const text = Array.from(expression);
  if (text.length > MAX_EXPRESSION) {
    return `The expression has ${text.length} characters; ${MAX_EXPRESSION} are the most.`;
  }
  try {
    return new Reader(text, series).read();
  } catch (error) {
    if (error instanceof Problem) return error.message;
    throw error;
  }
}

/** The formulas that can be asked for. */
export function completeFormulas(formulas: readonly Formula[], series: number): Formula[] {
  return formulas.filter(({ expression }) => formulaProblem(expression, series) === null);
}

/** The places of the series that an expression names, each once, in order. */
export function seriesIn(expression: string): number[] {
  const named = new Set(expression.match(LETTER) ?? []);
  return [...Array(MAX_SERIES).keys()].filter((index) => named.has(seriesLetter(index)));
}

/**
 * The expression after its series changed places: `to` gives the new place of
 * each, null for one that is gone, which leaves a question mark. The formula goes
 * on to mean what it did.
 */
export function withPlaces(expression: string, to: (place: number) => number | null): string {
  return expression.replace(LETTER, (letter) => {
    const place = to(letter.charCodeAt(0) - 65);
    return place === null ? "?" : seriesLetter(place);
  });
}

// The E of 1E3 is the number's own.
const LETTER = /(?<![\d.])[A-J]/g;

class Problem extends Error {}

/** Reads by recursive descent: sums of products of what may have minuses before it. */
class Reader {
  readonly #text: readonly string[];
  readonly #series: number;
  #at = 0;
  #depth = 0;
  #named = false;

  constructor(text: readonly string[], series: number) {
    this.#text = text;
    this.#series = series;
  }

  read(): string | null {
    this.#sum();
    if (this.#peek() !== "") throw this.#unexpected("one of + - * / or the end");
    return this.#named ? null : "The expression names no series: the letters from A on are the series.";
  }

  /** The next character that is no space; empty at the end. */
  #peek(): string {
    while (/^[ \t\r\n]$/.test(this.#text[this.#at] ?? "")) this.#at++;
    return this.#text[this.#at] ?? "";
  }

  #unexpected(wanted: string): Problem {
    const next = this.#peek();
    const found = next === "" ? "the expression ends" : `there is “${next}”`;
    return new Problem(`At character ${this.#at + 1} ${found}, where ${wanted} must come.`);
  }

  #sum(): void {
    this.#chain("+-", () => this.#chain("*/", () => this.#signed()));
  }

  #chain(signs: string, operand: () => void): void {
    operand();
    for (let next = this.#peek(); next !== "" && signs.includes(next); next = this.#peek()) {
      this.#at++;
      operand();
    }
  }

  #signed(): void {
    if (++this.#depth > MAX_DEPTH) throw new Problem(`More than ${MAX_DEPTH} levels are nested.`);
    const next = this.#peek();
    if (next === "-") {
      this.#at++;
      this.#signed();
    } else if (next === "(") {
      this.#at++;
      this.#sum();
      if (this.#peek() !== ")") throw this.#unexpected("one of + - * / or a closing parenthesis");
      this.#at++;
    } else if (/^[A-J]$/.test(next)) {
      this.#letter(next);
    } else if (/^[.\d]$/.test(next)) {
      this.#number();
    } else {
      throw this.#unexpected("a letter from A to J, a number or a parenthesis");
    }
    this.#depth--;
  }

  #letter(letter: string): void {
    if (letter.charCodeAt(0) - 65 >= this.#series) {
      const last = seriesLetter(this.#series - 1);
      throw new Problem(`At character ${this.#at + 1} there is ${letter}, but the last series is ${last}.`);
    }
    this.#at++;
    this.#named = true;
  }

  #number(): void {
    const [number = ""] = /^\d*(?:\.\d*)?(?:[eE][+-]?\d*)?/.exec(this.#text.slice(this.#at).join("")) ?? [];
    if (!/\d/.test(number) || !/\d$|\d\.$/.test(number) || !Number.isFinite(Number(number))) {
      throw new Problem(`At character ${this.#at + 1}, “${number}” is not a number.`);
    }
    this.#at += number.length;
  }
}
