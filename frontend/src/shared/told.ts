// Sentences of the service in the person's own words: amounts and days by locale, own accounts by their names.
import { useQuery } from "@tanstack/react-query";
import { accountsQuery } from "@/api/queries";
import { useFormat } from "@/shared/format";

const ACCOUNT = /\b(account )?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b/gi;

export function useTold(): (sentence: string) => string {
  const format = useFormat();
  const accounts = useQuery(accountsQuery).data ?? [];
  const names = new Map(accounts.map((one) => [one.id, one.name]));
  return (sentence) =>
    format.told(sentence).replaceAll(ACCOUNT, (whole, _, id: string) => {
      const name = names.get(id);
      return name === undefined ? whole : `“${name}”`;
    });
}
