"""Finding what was said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spoken import RECORD, WORDS, transcript_of

from tele2ats_async import Transcript, TranscriptWord


@pytest.mark.parametrize(
    "text", ["счёт на оплату", "счет на оплату", "СЧЁТ, на оплату!", "  счет\nна  оплату ", "счёт на опла́ту"]
)
def test_case_dots_and_signs_do_not_matter(text: str) -> None:
    """Recognisers write ё or е as they like, and people type commas and capitals."""
    [match] = transcript_of("A 3 мне нужен Счёт на оплату", record=RECORD).search(text)

    assert ("Счёт на оплату", 4.0, 5.4, "Анастасия Исаева") == (
        match.text,
        match.start_time,
        match.end_time,
        match.speaker,
    )
    assert "мне нужен Счёт на оплату" == match.utterance.text


def test_a_letter_with_a_sign_above_is_another() -> None:
    """A letter with a sign above it is not taken apart: мои is not мой."""
    transcript = transcript_of("A 0 мой мои")

    assert [(0.0, "мой")] == [(match.start_time, match.text) for match in transcript.search("мои\u0306")]
    assert [(0.5, "мои")] == [(match.start_time, match.text) for match in transcript.search("мои")]


def test_words_are_whole_and_follow_each_other() -> None:
    """Part of a word is not the word, nor are words with another between them, or in another mouth."""
    transcript = transcript_of("A 0 заказы мой синий заказ", "B 10 мой", "A 20 заказ")

    assert [] == transcript.search("заказа")
    assert [] == transcript.search("мой заказ")
    assert ["синий заказ"] == [match.text for match in transcript.search("синий заказ")]


def test_places_do_not_overlap() -> None:
    """Three times да is да да once."""
    transcript = transcript_of("A 0 да да да", "B 10 да да")

    assert [0.0, 10.0] == [match.start_time for match in transcript.search("да да")]


def test_a_word_with_a_hyphen_is_found_by_its_parts() -> None:
    """The recogniser may write one word where the person types two, and the other way round."""
    transcript = transcript_of("A 0 на северо-западный ветер", "B 5 северо западный")

    for text in ("северо-западный", "северо западный"):
        assert ["северо-западный", "северо западный"] == [match.text for match in transcript.search(text)]
    assert ["северо-западный ветер"] == [match.text for match in transcript.search("западный ветер")]


@pytest.mark.parametrize("text", ["", " ", "—", "\u0301"])
def test_what_holds_no_word_is_refused(text: str) -> None:
    """Nothing is found nowhere, and everywhere."""
    with pytest.raises(ValueError, match="text: expected words"):
        transcript_of("A 0 да").search(text)
    with pytest.raises(TypeError, match="text: expected a text"):
        transcript_of("A 0 да").search(7)  # type: ignore[arg-type]


@given(words=WORDS, chosen=st.data())
def test_whatever_was_said_is_found_where_it_was_said(
    words: list[TranscriptWord], chosen: st.DataObject
) -> None:
    """Any words of an utterance are found, with the times of the first and the last."""
    transcript = Transcript("a", words)
    sayings = [said for said in transcript.utterances() if any(map(str.isalnum, said.text))]
    if not sayings:
        return
    utterance = chosen.draw(st.sampled_from(sayings))
    place = chosen.draw(st.integers(0, len(utterance.words) - 1))
    text = " ".join(word.word for word in utterance.words[place:])
    if not any(map(str.isalnum, text)):
        return

    found = [match for match in transcript.search(text) if match.utterance == utterance]
    assert found
    assert all(match.text in utterance.text for match in found)
    assert all(
        utterance.start_time <= match.start_time <= match.end_time <= utterance.end_time for match in found
    )
