// Who receives a transfer: an own account, or anybody's by its id. Of others only the currency is shown, and before anything is sent.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "@/api/client";
import type { Account } from "@/api/queries";
import { Field, SelectField } from "@/shared/ui/Field";

interface RecipientProps {
  accounts: Account[];
  value: string;
  currency: string | undefined;
  fault: string | undefined;
  onChange: (id: string) => void;
}

const OTHER = "other";
const WHOLE = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function Recipient({ accounts, value, currency, fault, onChange }: RecipientProps) {
  const [choice, setChoice] = useState(OTHER);
  const id = value.trim();
  const receivable = useQuery({
    queryKey: ["receivable", id],
    queryFn: () => body(api.GET("/api/accounts/{account_id}/receivable", { params: { path: { account_id: id } } })),
    enabled: WHOLE.test(id),
    retry: false,
    staleTime: 60_000,
  });
  return (
    <>
      {accounts.length > 0 && (
        <SelectField
          label="To"
          value={choice}
          onChange={(event) => {
            setChoice(event.target.value);
            onChange(event.target.value === OTHER ? "" : event.target.value);
          }}
        >
          <option value={OTHER}>Another account, by its id</option>
          {accounts.map((one) => (
            <option key={one.id} value={one.id} disabled={one.status === "closed"}>
              {one.name} ({one.currency})
            </option>
          ))}
        </SelectField>
      )}
      {choice === OTHER && (
        <Field
          label="Account id of the recipient"
          className="mono"
          placeholder="00000000-0000-0000-0000-000000000000"
          spellCheck={false}
          value={value}
          fault={fault}
          hint={hintOf(receivable, currency)}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </>
  );
}

function hintOf(asked: { data?: { currency: string } | undefined; isError: boolean }, currency: string | undefined) {
  if (asked.isError) return "No account with this id takes payments.";
  if (asked.data === undefined) return "The recipient copies it from their dashboard.";
  if (asked.data.currency === currency) return `This account takes ${asked.data.currency}.`;
  return `This account takes ${asked.data.currency}, yours pays ${currency ?? "another currency"}: they must match.`;
}
