// A key that lasts until what it is for is done: a failure half-way, a reload and a second try then write it once.
import { newKey } from "@/api/queries";

export function keptKey(name: string): string {
  const kept = sessionStorage.getItem(name) ?? newKey();
  sessionStorage.setItem(name, kept);
  return kept;
}

export const doneWith = (name: string): void => sessionStorage.removeItem(name);
