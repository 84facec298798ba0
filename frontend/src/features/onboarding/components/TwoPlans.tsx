// Income and rent as planned items: enough for the twin's first look ahead.
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { addPlan } from "@/api/plans";
import { useMe } from "@/api/queries";
import { amountOf, useFormat } from "@/shared/format";
import { Field } from "@/shared/ui/Field";
import { Notice } from "@/shared/ui/Notice";
import { doneWith, keptKey } from "../keptKey";

const NAME = "fintwin.two-plans";

export function TwoPlans({ finish }: { finish: () => void }) {
  const me = useMe();
  const { locale } = useFormat();
  const [income, setIncome] = useState(me.monthly_income > 0 ? String(me.monthly_income) : "");
  const [rent, setRent] = useState("");
  const save = useMutation({
    mutationFn: async () => {
      const [first, second] = [amountOf(income, locale), amountOf(rent, locale)];
      if (first !== null)
        await addPlan(
          { kind: "income", name: "Income", amount: first, period: "monthly" },
          `${keptKey(NAME)}:income:${first}`,
        );
      if (second !== null)
        await addPlan(
          { kind: "bill", name: "Rent", amount: second, period: "monthly", essential: true },
          `${keptKey(NAME)}:rent:${second}`,
        );
    },
    onSuccess: () => {
      doneWith(NAME);
      finish();
    },
  });
  const unit = me.currency_preference ?? "";
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <div className="fields-2">
        <Field
          label="Income a month"
          inputMode="decimal"
          unit={unit}
          value={income}
          onChange={(event) => setIncome(event.target.value)}
        />
        <Field
          label="Rent a month"
          inputMode="decimal"
          unit={unit}
          value={rent}
          onChange={(event) => setRent(event.target.value)}
        />
      </div>
      {save.isError && <Notice tone="bad">{save.error.message}</Notice>}
      <div>
        <button type="submit" className="button primary" disabled={save.isPending || (income === "" && rent === "")}>
          Plan and begin
        </button>
      </div>
    </form>
  );
}
