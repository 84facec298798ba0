// Further accounts: open one, freeze, unfreeze, close. The main one came with the profile.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, body, type Schemas } from "@/api/client";
import { accountsQuery, newKey, useCurrency, type Account } from "@/api/queries";
import { useFormat } from "@/shared/format";
import { CURRENCIES } from "@/shared/profile/currencies";
import { Field, SelectField } from "@/shared/ui/Field";
import { Notice } from "@/shared/ui/Notice";
import { Shown } from "@/shared/ui/states";

const KINDS = ["checking", "savings", "investment", "cash", "loan"] as const;
type Change = "freeze" | "unfreeze" | "close";

export function AccountsSection() {
  const accounts = useQuery(accountsQuery);
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: ({ id, what }: { id: string; what: Change }) =>
      body(api.POST(`/api/accounts/{account_id}/${what}`, { params: { path: { account_id: id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["own"] }),
  });
  return (
    <div className="stack">
      <Shown query={accounts}>
        {(list) => (
          <dl className="facts">
            {list.map((one) => (
              <AccountLine key={one.id} one={one} change={(what) => change.mutate({ id: one.id, what })} />
            ))}
          </dl>
        )}
      </Shown>
      {change.isError && <Notice tone="bad">{change.error.message}</Notice>}
      <OpenAccount />
    </div>
  );
}

function AccountLine({ one, change }: { one: Account; change: (what: Change) => void }) {
  const format = useFormat();
  return (
    <div>
      <dt>
        <strong>{one.name}</strong> {one.main && <span className="tag">main</span>}{" "}
        {one.status !== "open" && <span className="tag warn">{one.status}</span>}
        <br />
        {format.money(one.balance, one.currency)}
      </dt>
      <dd className="row">
        {one.status === "open" && (
          <button type="button" className="button small" onClick={() => change("freeze")}>
            Freeze
          </button>
        )}
        {one.status === "frozen" && (
          <button type="button" className="button small" onClick={() => change("unfreeze")}>
            Unfreeze
          </button>
        )}
        {!one.main && one.status !== "closed" && one.balance === 0 && (
          <button type="button" className="button small danger" onClick={() => change("close")}>
            Close
          </button>
        )}
      </dd>
    </div>
  );
}

function OpenAccount() {
  const client = useQueryClient();
  const currency = useCurrency();
  const [form, setForm] = useState({ name: "", kind: "savings" as Account["kind"], currency, rate: "" });
  const open = useMutation({
    mutationFn: () =>
      body(
        api.POST("/api/accounts/", {
          params: { header: { "Idempotency-Key": newKey() } },
          body: {
            name: form.name.trim(),
            kind: form.kind,
            currency: form.currency,
            annual_rate_percent: form.rate.trim() === "" ? null : (form.rate.replace(",", ".") as unknown as number),
          } satisfies Schemas["NewAccount"],
        }),
      ),
    onSuccess: () => {
      setForm({ ...form, name: "", rate: "" });
      return client.invalidateQueries({ queryKey: ["own"] });
    },
  });
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        open.mutate();
      }}
    >
      <h3>Open another account</h3>
      <div className="fields-2">
        <Field
          label="Name"
          required
          maxLength={100}
          value={form.name}
          onChange={(event) => setForm({ ...form, name: event.target.value })}
        />
        <SelectField
          label="Kind"
          value={form.kind}
          onChange={(event) => setForm({ ...form, kind: event.target.value as Account["kind"] })}
        >
          {KINDS.map((kind) => (
            <option key={kind}>{kind}</option>
          ))}
        </SelectField>
        <SelectField
          label="Currency"
          value={form.currency}
          onChange={(event) => setForm({ ...form, currency: event.target.value })}
        >
          {CURRENCIES.map((code) => (
            <option key={code}>{code}</option>
          ))}
        </SelectField>
        <Field
          label="Rate, % a year"
          inputMode="decimal"
          placeholder="none"
          value={form.rate}
          onChange={(event) => setForm({ ...form, rate: event.target.value })}
        />
      </div>
      {open.isError && <Notice tone="bad">{open.error.message}</Notice>}
      <div>
        <button type="submit" className="button" disabled={open.isPending || form.name.trim() === ""}>
          Open account
        </button>
      </div>
    </form>
  );
}
