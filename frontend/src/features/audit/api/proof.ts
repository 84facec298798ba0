// The signed heads: the service's word, under its key, on where each of the caller's streams ends. Compared with what was recomputed here.
import { api, body, type Schemas } from "@/api/client";
import { isMissing } from "@/api/problem";
import type { Verdict } from "./verify";

export type Signed = Schemas["Signed"];

interface Statement {
  position: number;
  hash: string;
  streams: { stream: string; stream_id: string; version: number; stream_hash: string }[];
}

export type ProofVerdict =
  { kind: "agrees"; signed: Signed; position: number } | { kind: "differs"; what: string } | { kind: "absent" };

const bytes = (base64: string) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

/** Whether the key in it has signed the statement. Browsers without Ed25519 throw. */
export async function isSigned({ statement, public_key: key, signature }: Signed): Promise<boolean> {
  const imported = await crypto.subtle.importKey("raw", bytes(key), "Ed25519", false, ["verify"]);
  return crypto.subtle.verify("Ed25519", imported, bytes(signature), new TextEncoder().encode(statement));
}

export async function checkProof(verdict: Verdict): Promise<ProofVerdict> {
  let signed: Signed;
  try {
    signed = await body(api.GET("/api/audit/proof"));
  } catch (error) {
    if (isMissing(error)) return { kind: "absent" };
    throw error;
  }
  if (!(await isSigned(signed))) return { kind: "differs", what: "the signature does not fit the statement" };
  const { streams, position } = JSON.parse(signed.statement) as Statement;
  const made = new Map(verdict.streams.map((one) => [one.name + one.id, one]));
  for (const head of streams) {
    const mine = made.get(head.stream + head.stream_id);
    // Events that came while this ran are in one of the two only; what both have must be equal.
    if (mine?.events === head.version && mine.hash !== head.stream_hash)
      return { kind: "differs", what: `the ${head.stream} stream ends differently` };
    if (mine === undefined || mine.events > head.version)
      return { kind: "differs", what: `the ${head.stream} stream is longer here than in the signed statement` };
  }
  return { kind: "agrees", signed, position };
}
