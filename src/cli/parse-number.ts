import { InvalidArgumentError } from "commander";

/** For options that take a share or a probability. */
export function parseShare(text: string): number {
  const share = toNumber(text);
  if (share >= 0 && share <= 1) return share;
  throw new InvalidArgumentError("It must be a number from 0 to 1.");
}

export function parsePositive(text: string): number {
  const number = toNumber(text);
  if (number > 0 && Number.isFinite(number)) return number;
  throw new InvalidArgumentError("It must be a number above 0.");
}

export function parsePercentage(text: string): number {
  const percent = toNumber(text);
  if (percent > 0 && percent <= 100) return percent;
  throw new InvalidArgumentError("It must be a percentage above 0 and up to 100.");
}

/** A parser of whole numbers of at least so much. */
export function parseWholeNumber(least: number) {
  return (text: string): number => {
    const number = toNumber(text);
    if (Number.isSafeInteger(number) && number >= least) return number;
    throw new InvalidArgumentError(`It must be a whole number of at least ${least}.`);
  };
}

/** A number of a port; 0 stands for any free one. */
export function parsePort(text: string): number {
  const port = toNumber(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return port;
  throw new InvalidArgumentError("It must be a port from 0 to 65535.");
}

// `Number` takes what is empty for 0.
function toNumber(text: string): number {
  return text.trim() === "" ? Number.NaN : Number(text);
}
