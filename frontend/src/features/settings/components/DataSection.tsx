// Taking one's data along, and having it erased.
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { answer, api } from "@/api/client";
import { ask } from "@/api/contract";
import { isMissing } from "@/api/problem";
import { session } from "@/api/session";
import { saveBlob } from "@/shared/save";
import { Dialog } from "@/shared/ui/Dialog";
import { Field } from "@/shared/ui/Field";
import { Icon } from "@/shared/ui/icons";
import { Notice } from "@/shared/ui/Notice";

const WORDS = "erase me";
const FORMS = [
  ["ndjson", "All my events", "fintwin-events.ndjson"],
  ["csv", "Books as CSV", "fintwin-books.csv"],
  ["beancount", "Beancount", "fintwin.beancount"],
  ["hledger", "hledger", "fintwin.journal"],
] as const;
type Form = (typeof FORMS)[number][0];

async function saveAs({ form, file }: { form: Form; file: string }): Promise<void> {
  const asked = api.GET("/api/export", { params: { query: { format: form } }, parseAs: "blob" });
  saveBlob(file, (await answer(asked)).data);
}

export function DataSection() {
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState("");
  const save = useMutation({ mutationFn: saveAs });
  const erase = useMutation({
    mutationFn: () => ask("POST", "/api/auth/erase", { body: { confirmation: typed } }),
    onSuccess: () => session.end(),
  });
  return (
    <div className="stack">
      <p className="quiet small">
        All your events, as stored, are under <Link to="/events">My events</Link>; your transactions as CSV under{" "}
        <Link to="/transactions">Transactions</Link>.
      </p>
      <div className="row">
        {FORMS.map(([form, name, file]) => (
          <button
            key={form}
            type="button"
            className="button"
            disabled={save.isPending}
            onClick={() => save.mutate({ form, file })}
          >
            <Icon name="download" size={18} /> {name}
          </button>
        ))}
      </div>
      {save.isError && <Notice tone="bad">{save.error.message}</Notice>}
      <div>
        <button type="button" className="button danger" onClick={() => setOpen(true)}>
          Erase my personal data
        </button>
      </div>
      <Dialog title="Erase my personal data" open={open} onClose={() => setOpen(false)}>
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault();
            erase.mutate();
          }}
        >
          <p>
            Your key is destroyed: names, notes and other personal texts cannot be read by anybody any more, and you
            cannot sign in again. Amounts and dates stay in the log without a name. This cannot be undone.
          </p>
          <Field
            label={`Type “${WORDS}” to confirm`}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
          {erase.isError && (
            <Notice tone="bad">
              {isMissing(erase.error) ? "This version of the service cannot erase from here." : erase.error.message}
            </Notice>
          )}
          <button type="submit" className="button danger" disabled={typed !== WORDS || erase.isPending}>
            Erase for good
          </button>
        </form>
      </Dialog>
    </div>
  );
}
