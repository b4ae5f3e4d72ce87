import type { Time } from './time.ts'

/** What a verdict leads to; `reason` is a sentence for a person. */
export type FollowUp =
  /** It passed: releases carry it on. */
  | { readonly kind: 'delivered'; readonly reason: string }
  /** A change asks for another attempt; it is matched at `at`. */
  | { readonly kind: 'retrain'; readonly reason: string; readonly attempt: number; readonly at: Time }
  /** Nothing more is tried. */
  | { readonly kind: 'stopped'; readonly reason: string }
  /** It waits for somebody to speak. */
  | { readonly kind: 'person'; readonly reason: string }
  /** The first step of a rollout asks what is unclear again. */
  | { readonly kind: 'canary'; readonly reason: string }
  /** It waits for the next batch of its trigger, whose run takes this run's data too. */
  | { readonly kind: 'moreData'; readonly reason: string }
