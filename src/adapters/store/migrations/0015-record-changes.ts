import { sql } from 'kysely'

/** Keeps the names of our locks apart from those of whoever shares the database: as in transaction.ts. */
const lockSpace = sql.raw(String(0x77696e))

const columns = `repository text, dedupe_key text, state text, batch bigint, next_at bigint, kind text, sender text,
      author text, received_at bigint, ref text, model text, replay_of bigint, after_run bigint, batches text`
const names = columns.replaceAll(/ (text|bigint)/g, '')
const recordset = sql.raw(`json_to_recordset(given) as (${columns})`)

/**
 * Several changes, told one after the other, in one call (docs/adr/0013-changes-are-recorded-by-one-call.md). `given` are
 * the columns of each, `documents` their documents. Row by row it is decided only where the quick look finds that one was
 * told before (docs/adr/0014-what-changes-are-looked-for-by-has-columns.md).
 *
 * One row comes back for each, in their order: the change that it made or that is there already, which of both, the known
 * one's row, and how it ended where it is in an archive. Raises unique_violation where a step made a change of one of these
 * keys in the meantime: called again, it is seen.
 */
export const recordChanges = sql`
create function winnow.record_changes(given json, documents json, told_at bigint, counter integer)
returns table (told_id bigint, told_again boolean, known json, archived_as text)
language plpgsql
-- A plan that was made while the table was small must not read all of it once it is large.
set enable_seqscan = off
as $function$
#variable_conflict use_column
declare
  one record;
  -- All keys, and of each push its repository and its ref.
  told_keys text[];
  push_repositories text[];
  push_refs text[];
  -- Whether anything was told before, or twice: else all of them make a change.
  collides boolean;
  -- What this call makes: of each its key, and of a push its ref, sender, commit and the commit before.
  made_positions integer[] := '{}';
  made_keys text[] := '{}';
  made_refs text[] := '{}';
  made_senders text[] := '{}';
  made_commits text[] := '{}';
  made_befores text[] := '{}';
  made_ids bigint[];
  -- What each comes to: a known change, or which of those that this call makes.
  known_ids bigint[] := '{}';
  known_states text[] := '{}';
  nth integer[] := '{}';
  again boolean[] := '{}';
  newest integer;
  same integer;
  is_told boolean;
begin
  select array_agg(dedupe_key), array_agg(repository) filter (where kind = 'push' and ref is not null),
    array_agg(ref) filter (where kind = 'push' and ref is not null),
    count(distinct dedupe_key) < count(*) or coalesce(bool_or(sender = 'poll' and kind = 'push'), false)
  into told_keys, push_repositories, push_refs, collides
  from json_to_recordset(given) as (repository text, dedupe_key text, kind text, ref text, sender text);
  -- All take them in one order, so nobody waits in a ring, and each statement after that sees what those before it in that
  -- line have committed.
  perform pg_advisory_xact_lock(name) from (
    select hashtextextended('change ' || key, ${lockSpace}) as name from unnest(told_keys) as key
    union select hashtextextended('push ' || repository || ' ' || ref, ${lockSpace})
      from unnest(push_repositories, push_refs) as push (repository, ref)
    order by 1
  ) sorted;
  collides := collides
    or exists (select from winnow.change where dedupe_key = any(told_keys))
    or exists (
      select from unnest(push_repositories, push_refs) as push (repository, ref) cross join lateral (
        select from winnow.change where repository = push.repository and ref = push.ref and sender = 'poll' limit 1
      ) polled
    ) and exists (
      select from unnest(push_repositories, push_refs) as push (repository, ref) cross join lateral (
        select sender from winnow.change where repository = push.repository and ref = push.ref
        order by id desc limit 1
      ) latest where latest.sender = 'poll'
    )
    or exists (select from winnow.archived where kind = 'change' and key is not null) and exists (
      select from winnow.archived where kind = 'change'
        and key = any(array(select sha256(convert_to(key, 'UTF8')) from unnest(told_keys) as key))
    );
  if collides then
    for one in
      select told.*, told.repository || ' ' || told.ref as full_ref,
        push -> 'cause' ->> 'commit' as commit, push -> 'cause' ->> 'before' as before, latest.*, there.*, gone.*
      from rows from (
        json_to_recordset(given) as (repository text, dedupe_key text, kind text, ref text, sender text),
        json_array_elements(documents)
      ) with ordinality as told (repository, dedupe_key, kind, ref, sender, push, position)
      left join lateral (
        select id as latest_id, sender as latest_sender, document -> 'cause' as latest_cause
        from winnow.change where repository = told.repository and ref = told.ref order by id desc limit 1
      ) latest on true
      left join lateral (select id as there_id from winnow.change where dedupe_key = told.dedupe_key limit 1) there on true
      left join lateral (
        select row_id as gone_id, state as gone_as from winnow.archived
        where kind = 'change' and key = sha256(convert_to(told.dedupe_key, 'UTF8')) limit 1
      ) gone on true
      order by told.position
    loop
      -- Was the newest push of its ref told already? The rule is isToldAlready of domain/change.ts.
      newest := null;
      is_told := false;
      if one.kind = 'push' and one.ref is not null then
        for i in reverse cardinality(made_refs) .. 1 loop
          if made_refs[i] = one.full_ref then
            newest := i;
            exit;
          end if;
        end loop;
        if newest is not null then
          is_told := 'poll' in (made_senders[newest], one.sender) and (
            made_commits[newest] = one.commit
            or made_senders[newest] = 'poll' and made_befores[newest] = one.before and one.before !~ '^0*$'
          );
        elsif one.latest_cause ->> 'kind' = 'push' and one.latest_cause ->> 'ref' = one.ref then
          is_told := 'poll' in (one.latest_sender, one.sender) and (
            one.latest_cause ->> 'commit' = one.commit
            or one.latest_sender = 'poll' and one.latest_cause ->> 'before' = one.before and one.before !~ '^0*$'
          );
        end if;
      end if;
      same := case when is_told then newest else array_position(made_keys, one.dedupe_key) end;
      if is_told and newest is null then
        known_ids := known_ids || one.latest_id;
        known_states := known_states || null::text;
      elsif not is_told and coalesce(one.there_id, one.gone_id) is not null then
        known_ids := known_ids || coalesce(one.there_id, one.gone_id);
        known_states := known_states || case when one.there_id is null then one.gone_as end;
      else
        known_ids := known_ids || null::bigint;
        known_states := known_states || null::text;
        if same is null then
          made_positions := made_positions || one.position::integer;
          made_keys := made_keys || one.dedupe_key;
          made_refs := made_refs || case when one.kind = 'push' then one.full_ref end;
          made_senders := made_senders || one.sender;
          made_commits := made_commits || one.commit;
          made_befores := made_befores || one.before;
          again := again || false;
          nth := nth || cardinality(made_keys);
          continue;
        end if;
      end if;
      again := again || true;
      nth := nth || same;
    end loop;
  end if;

  with inserted as (
    insert into winnow.change (version, updated_at, document, ${sql.raw(names)})
    select 1, told_at, document, ${sql.raw(names.replace('batches', 'batches::jsonb'))}
    from rows from (${recordset}, json_array_elements(documents)) with ordinality as told (${sql.raw(names)}, document, position)
    where not collides or position = any(made_positions) order by position
    returning id, repository, state, next_at, kind, sender, author, received_at
  ), queued as (
    insert into winnow.outbox (step, kind, row_id, row_version, due_at, lane)
    select 'match', 'change', id, 1, next_at, repository || ' ' || sender from inserted order by id
  ), told as (
    insert into winnow.history (at, kind, row_id, from_state, to_state, actor, why)
    select told_at, 'change', id, null, state, author, kind || ' received' from inserted order by id
  ), counted as (
    insert into winnow.acknowledged as so_far (sender, day, lane, count)
    select sender, received_at / 86400000, counter, count(*) from inserted group by 1, 2 order by 1, 2
    on conflict (sender, day, lane) do update set count = so_far.count + excluded.count
  )
  select array_agg(id order by id) into made_ids from inserted;
  if collides then
    return query
      select coalesce(id, made_ids[made]), is_again,
        (select row_to_json(change) from winnow.change where change.id = each.id and each.archived is null), archived
      from unnest(known_ids, nth, again, known_states) with ordinality as each (id, made, is_again, archived, position)
      order by position;
  else
    return query select id, false, null::json, null::text from unnest(made_ids) as made (id);
  end if;
end
$function$`
