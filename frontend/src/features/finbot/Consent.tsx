// Before the first question goes to Gemini: what is sent, and to whom. Without a yes nothing leaves the service.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { aboutQuery, consent } from "@/api/assistant";
import { Notice } from "@/shared/ui/Notice";

export function Consent({ declined }: { declined: () => void }) {
  const client = useQueryClient();
  const agree = useMutation({
    mutationFn: () => consent(true),
    onSuccess: (about) => client.setQueryData(aboutQuery.queryKey, about),
  });
  return (
    <div className="stack finbot-consent">
      <h3>Should Gemini word the answers?</h3>
      <p>
        FinBot answers by itself, and nothing leaves this service. With your consent Google&rsquo;s Gemini writes the
        sentences instead, which helps with questions asked in your own words.
      </p>
      <dl className="finbot-sent">
        <dt>Sent to Google</dt>
        <dd>Your question, and the figures that were looked up to answer it.</dd>
        <dt>Never sent</dt>
        <dd>
          Your name, e-mail address, phone number and account ids; whom you paid and your notes, unless that very
          question asks for them.
        </dd>
        <dt>Take it back</dt>
        <dd>At any time, under Settings.</dd>
      </dl>
      {agree.isError && <Notice tone="bad">{agree.error.message}</Notice>}
      <div className="row">
        <button type="button" className="button" disabled={agree.isPending} onClick={() => agree.mutate()}>
          Agree, use Gemini
        </button>
        <button type="button" className="button" onClick={declined}>
          Stay with the built-in FinBot
        </button>
      </div>
    </div>
  );
}
