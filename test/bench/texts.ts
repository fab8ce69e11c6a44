import { readFile } from "node:fs/promises";
import { createTokenizer } from "../../src/encoder/tokenizer.ts";

// Each is one token.
const words =
  "the of and to in is was he for it with as his on be at by this had not are but from or have an they which one you were all her she there would their we him been has when who will no more if out so what time up into than could state only new year some take come these know see use get like then first any work now may such give over think most even find day also after way many must look before great back through long where much should well people down own just because good each those feel seem how high too place little world very still nation hand old life tell write become here show house both between need mean call develop under last right move thing general school never same another begin while number part turn real leave might want point form off child few small since against ask late home interest large person end open public follow during present without again hold govern around possible head consider word program problem however lead system set order eye plan run keep face fact group play stand increase early course change help line".split(
    " ",
  );

/** A stream of texts that never repeats one, so that no embedding cache answers; equal seeds give equal texts. */
export class Texts {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A text of so many tokens, the two special ones among them. */
  ofTokens(count: number): string {
    return Array.from({ length: count - 2 }, () => this.#word()).join(" ");
  }

  ofCharacters(count: number): string {
    let text = this.#word();
    while (text.length < count) text += ` ${this.#word()}`;
    return text.slice(0, count);
  }

  // Numerical Recipes' linear congruential generator; the high bits are the random ones.
  #word(): string {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return words[Math.floor((this.#state / 2 ** 32) * words.length)] as string;
  }
}

/** Throws unless the texts have the tokens that they claim. */
export async function checkTexts(): Promise<void> {
  const file = new URL("../../models/encoder/tokenizer.json", import.meta.url);
  const tokenizer = createTokenizer(new Uint8Array(await readFile(file)));
  if (!tokenizer.ok) throw new Error(tokenizer.failure.message);
  const found = tokenizer.value.encode(words.join(" ")).length;
  if (found !== words.length) throw new Error(`${words.length} words have ${found} tokens`);
}
