/** Why a device cannot go on. */

/** @import { FailureCode } from "../types.js" */

/** An error with the code that the page has a text for. */
export class Failure extends Error {
  /**
   * @param {FailureCode} code
   * @param {string} detail for the browser's console and for whoever looks into it
   */
  constructor(code, detail) {
    super(detail);
    this.name = "Failure";
    this.code = code;
  }
}

/** What browsers say, in so many words, where memory has run out. */
const OUT_OF_MEMORY = /out of memory|allocation failed|could not allocate|cannot enlarge memory/i;

/**
 * The failure that stands for an error.
 * @param {unknown} error
 * @param {FailureCode} code for errors that do not tell by themselves
 * @returns {Failure}
 */
export function failureOf(error, code) {
  if (error instanceof Failure) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new Failure(OUT_OF_MEMORY.test(detail) ? "memory" : code, detail);
}
