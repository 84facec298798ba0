// How numbers and dates are written. The choice is a part of the profile, so it holds on every device.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body, type Schemas } from "@/api/client";
import { meQuery, type Me } from "@/api/queries";
import { formatOf } from "@/shared/format";
import { Notice } from "@/shared/ui/Notice";
import { SelectField } from "@/shared/ui/Field";

const OFFERED = [
  "en-GB",
  "en-US",
  "cs-CZ",
  "de-CH",
  "de-DE",
  "es-ES",
  "fr-FR",
  "it-IT",
  "ja-JP",
  "nl-NL",
  "pl-PL",
  "sv-SE",
];
const SAMPLE = { amount: 1234.5, day: "2026-12-31" };

export function LocaleChoice({ me, onSaved }: { me: Me; onSaved: () => void }) {
  const client = useQueryClient();
  const chosen = me.locale ?? navigator.language;
  const save = useMutation({
    mutationFn: (locale: string) =>
      body(
        api.PUT("/api/auth/profile", {
          body: {
            account_name: me.account_name ?? "",
            phone_number: me.phone_number,
            currency_preference: me.currency_preference ?? "USD",
            monthly_income: me.monthly_income,
            financial_goal: me.financial_goal ?? "savings",
            risk_appetite: me.risk_appetite ?? "medium",
            time_zone: me.time_zone,
            locale,
          } satisfies Schemas["ProfileBody"],
        }),
      ),
    onSuccess: async (saved) => {
      client.setQueryData(meQuery.queryKey, saved);
      await client.invalidateQueries({ queryKey: ["own"] });
      onSaved();
    },
  });
  const locales = [...new Set([chosen, navigator.language, ...OFFERED])];
  return (
    <div className="stack-s">
      <SelectField
        label="Numbers and dates"
        value={chosen}
        disabled={save.isPending}
        onChange={(event) => save.mutate(event.currentTarget.value)}
      >
        {locales.map((locale) => (
          <option key={locale} value={locale}>
            {nameOf(locale, me.currency_preference ?? "USD")}
          </option>
        ))}
      </SelectField>
      {save.isError && <Notice tone="bad">{save.error.message}</Notice>}
    </div>
  );
}

function nameOf(locale: string, currency: string): string {
  const format = formatOf(locale);
  const name = new Intl.DisplayNames(["en"], { type: "language" }).of(locale) ?? locale;
  return `${name}: ${format.money(SAMPLE.amount, currency)}, ${format.date(SAMPLE.day)}`;
}
