// The profile: asked for once, changed in the settings.
import { valibotResolver } from "@hookform/resolvers/valibot";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useForm } from "react-hook-form";
import * as v from "valibot";
import { api, body, type Schemas } from "@/api/client";
import { meQuery, type Me } from "@/api/queries";
import { amountOf, useFormat } from "@/shared/format";
import { Choices, Field, SelectField } from "@/shared/ui/Field";
import { Notice } from "@/shared/ui/Notice";
import { CURRENCIES, currencyName, likelyCurrency } from "./currencies";

const GOALS = [
  ["savings", "Save"],
  ["investment", "Invest"],
  ["debt_payoff", "Pay off debt"],
  ["wealth_building", "Build wealth"],
] as const;
const APPETITES = [
  ["low", "Low"],
  ["medium", "Medium"],
  ["high", "High"],
] as const;

/** An amount as one would type it, so that it is read again as the same. */
const typedIn = (locale: string, amount: number) =>
  new Intl.NumberFormat(locale, { useGrouping: false, maximumFractionDigits: 4 }).format(amount);

function schemaOf(locale: string) {
  return v.object({
    account_name: v.pipe(
      v.string(),
      v.trim(),
      v.minLength(1, "How shall we call you?"),
      v.maxLength(100, "At most 100 characters."),
    ),
    phone_number: v.pipe(
      v.string(),
      v.check(
        (typed) => typed.trim() === "" || /^\+[0-9]{7,15}$/.test(typed.replaceAll(/[\s.\-()[\]/]/g, "")),
        "With the country code, for example +420 555 010 999.",
      ),
    ),
    currency_preference: v.string(),
    monthly_income: v.pipe(
      v.string(),
      v.check((typed) => amountOf(typed, locale) !== null, "A number, for example 3200. Write 0 if there is none."),
    ),
    financial_goal: v.picklist(GOALS.map(([key]) => key)),
    risk_appetite: v.picklist(APPETITES.map(([key]) => key)),
  });
}

interface ProfileFormProps {
  me: Me;
  submit: string;
  onSaved: () => void;
}

export function ProfileForm({ me, submit, onSaved }: ProfileFormProps) {
  const client = useQueryClient();
  const { locale } = useFormat();
  const form = useForm({
    resolver: valibotResolver(schemaOf(locale)),
    defaultValues: {
      account_name: me.account_name ?? me.full_name ?? "",
      phone_number: me.phone_number ?? "",
      currency_preference: me.currency_preference ?? likelyCurrency(),
      monthly_income: me.is_profile_complete ? typedIn(locale, me.monthly_income) : "",
      financial_goal: me.financial_goal ?? "savings",
      risk_appetite: me.risk_appetite ?? "medium",
    },
  });
  const values = form.watch();
  const faults = form.formState.errors;
  const save = useMutation({
    mutationFn: (told: v.InferOutput<ReturnType<typeof schemaOf>>) =>
      body(
        api.PUT("/api/auth/profile", {
          body: {
            ...told,
            phone_number: told.phone_number.trim() || null,
            monthly_income: amountOf(told.monthly_income, locale) as unknown as number,
            locale: me.locale ?? locale,
            time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
          } satisfies Schemas["ProfileBody"],
        }),
      ),
    onSuccess: async (saved) => {
      client.setQueryData(meQuery.queryKey, saved);
      await client.invalidateQueries({ queryKey: ["own"] });
      onSaved();
    },
  });
  return (
    <form className="stack" noValidate onSubmit={(event) => void form.handleSubmit((told) => save.mutate(told))(event)}>
      <div className="fields-2">
        <Field
          label="Name"
          hint="Your main account is called so, too."
          autoComplete="name"
          fault={faults.account_name?.message}
          {...form.register("account_name")}
        />
        <Field
          label="Phone"
          type="tel"
          autoComplete="tel"
          placeholder="Optional, +420 …"
          fault={faults.phone_number?.message}
          {...form.register("phone_number")}
        />
        <SelectField
          label="Currency"
          hint={me.is_profile_complete ? "For sums; accounts keep their own." : "Your main account is kept in it."}
          {...form.register("currency_preference")}
        >
          {CURRENCIES.map((code) => (
            <option key={code} value={code}>
              {currencyName(code)}
            </option>
          ))}
        </SelectField>
        <Field
          label="Monthly income"
          inputMode="decimal"
          unit={values.currency_preference}
          fault={faults.monthly_income?.message}
          {...form.register("monthly_income")}
        />
      </div>
      <Choices
        legend="What matters most"
        name="goal"
        options={GOALS}
        value={values.financial_goal}
        onChange={(goal) => form.setValue("financial_goal", goal)}
      />
      <Choices
        legend="Appetite for risk"
        name="appetite"
        options={APPETITES}
        value={values.risk_appetite}
        onChange={(appetite) => form.setValue("risk_appetite", appetite)}
      />
      {save.isError && <Notice tone="bad">{save.error.message}</Notice>}
      <div>
        <button type="submit" className="button primary" disabled={save.isPending}>
          {save.isPending ? "Saving…" : submit}
        </button>
      </div>
    </form>
  );
}
