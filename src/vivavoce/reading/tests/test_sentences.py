"""What the reader must not get wrong, in sentences of our own, in both languages."""

from __future__ import annotations

import pytest

from vivavoce.reading import Reading, read_one
from vivavoce.reading.weights import COLUMNS, weights

DANGERS = [
    "Plus de chauffage depuis hier soir, ma grand-mère a 84 ans et il fait 12 degrés chez elle",
    "My grandmother is 84 and has had no heating since yesterday, please send someone",
    "Ça sent le gaz dans ma cage d'escalier",
    "There is a strong smell of gas in our hallway",
    "Mon père n'a plus d'insuline et votre livraison n'est jamais arrivée",
    "My daughter's insulin was in that parcel and it never arrived",
    "Je veux en finir, j'ai tout perdu à cause de vous",
    "I want to end my life, you took everything",
    "La prise a fait des étincelles, début d'incendie dans la cuisine",
    "The charger caught fire next to my baby's bed",
    "Votre chauffeur roule à contresens, on va tous y passer",
    "My gran n'a plus de chauffage, please help her",
    "She's five weeks old and it's 11 degrees in her room",
]
SAFE = [
    "Bonjour, à quelle heure ouvre le musée dimanche ?",
    "Hi, what time does the museum open on Sunday?",
    "Un grand merci à Sophie du guichet, toujours souriante",
    "Profitez de notre nouvelle collection, lien en bio https://exemple.fr",
    "Ma facture a encore augmenté ce mois-ci, pourquoi ?",
    "",
    "Mum was stuck on hold for ten minutes, then she sang to me. You were grand!",
    "I feel like this could come to the museum soon, how good!",
    "On brûle d'impatience de voir l'expo, c'était à mourir de rire la dernière fois !",
    "I'm dying to see the new exhibition, it wouldn't hurt to open late",
    "Client depuis 20 ans, et le petit train du parc est toujours aussi lent",
]


def reading_of(text: str) -> Reading:
    reading = read_one(text)
    assert reading is not None
    return reading


@pytest.mark.parametrize("text", DANGERS)
def test_danger_is_seen_and_needs_a_person_within_the_hour(text: str) -> None:
    reading = reading_of(text)
    assert reading.decided["danger"] is True
    assert reading.decided["needs_person"] is True
    assert reading.decided["urgency"] == "hour"
    assert any(evidence.label == "danger" for evidence in reading.evidence)


@pytest.mark.parametrize("text", SAFE)
def test_what_is_no_danger_is_not_called_one(text: str) -> None:
    assert reading_of(text).decided["danger"] is False


@pytest.mark.parametrize(
    "text",
    [
        "Les pompiers ont fermé la rue, merci à eux",
        "The pub has a fire and stew for all",
        "Bébé a adoré la bougie",
    ],
)
def test_what_may_be_a_danger_and_may_be_none_is_unsure(text: str) -> None:
    assert reading_of(text).decided["danger"] == "unsure"


def test_words_of_one_language_do_not_count_in_texts_of_the_other() -> None:
    english, french = reading_of("We sang in the hall and it was lovely"), reading_of("Il y a du sang dans le hall")
    assert english.danger < 0.05
    assert french.decided["danger"] is True
    assert not any(evidence.label == "danger" for evidence in english.evidence)


def test_only_words_of_the_lists_show_danger() -> None:
    column = COLUMNS.index("danger")
    assert not weights().hashed[:, column].any()
    text = "Whole street Tom, just asked next door, smoke in the hall, thank you"
    assert {text[e.start : e.end] for e in reading_of(text).evidence if e.label == "danger"} == {"smoke"}


def test_the_words_that_show_danger_are_underlined() -> None:
    text = DANGERS[0]
    shown = {text[e.start : e.end] for e in reading_of(text).evidence if e.label == "danger"}
    assert "Plus de chauffage" in shown
    assert "grand-mère" in shown


@pytest.mark.parametrize(
    "text",
    [
        "Bravo, encore une heure de retard, j'adore. Merci pour tout 🙄",
        "Oh brilliant, another hour late, thanks for nothing",
    ],
)
def test_an_ironic_thank_you_is_not_taken_for_thanks(text: str) -> None:
    reading = reading_of(text)
    assert reading.irony > 0.5
    assert reading.decided["sentiment"] == "negative"
    assert reading.decided["wants"] != "thank"
    assert reading.decided["needs_person"] is not False


@pytest.mark.parametrize(
    "text",
    ["Un grand merci à Sophie du guichet, toujours souriante et efficace 🥰", "Huge thanks to Tom, you made my day ❤️"],
)
def test_a_real_thank_you_is_thanks(text: str) -> None:
    reading = reading_of(text)
    assert reading.decided["sentiment"] == "positive"
    assert reading.decided["emotion"] == "gratitude"
    assert reading.decided["cause"] == "thanks"
    assert reading.decided["wants"] == "thank"


@pytest.mark.parametrize(
    "text",
    [
        "🎉 Profitez de -30% sur toute la collection avec le code NOEL30 👉 https://exemple.fr",
        "Giveaway! Follow and RT to win two tickets, link in bio https://example.com",
    ],
)
def test_a_promotion_needs_nobody(text: str) -> None:
    reading = reading_of(text)
    assert reading.decided["needs_person"] is False
    assert reading.decided["wants"] == "nothing"
    assert reading.decided["urgency"] == "none"


@pytest.mark.parametrize("text", SAFE[:2])
def test_a_plain_question_is_a_neutral_question(text: str) -> None:
    reading = reading_of(text)
    assert reading.decided["sentiment"] == "neutral"
    assert reading.decided["cause"] == "question"
    assert reading.decided["wants"] == "information"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Ma facture est fausse et personne ne répond", "fr"),
        ("My bill is wrong and nobody answers", "en"),
        ("Mi factura está mal, llevo tres días esperando y nadie responde", "other"),
        ("Когда починят отопление?", "other"),
        ("👍", "unsure"),
    ],
)
def test_the_language_is_known_or_said_to_be_unknown(text: str, language: str) -> None:
    assert reading_of(text).decided["language"] == language


def test_a_negation_turns_a_good_word() -> None:
    good, bad = reading_of("Je suis contente du service"), reading_of("Je ne suis pas contente du service")
    assert bad.sentiment["negative"] > good.sentiment["negative"] + 0.3


@pytest.mark.parametrize(
    "variant",
    ["TOUJOURS RIEN, AUCUNE REPONSE", "toujours rien, aucune reponse", "toujouurs rieen, aucune réponnse"],
)
def test_accents_capitals_and_doubled_letters_change_little(variant: str) -> None:
    plain = reading_of("Toujours rien, aucune réponse")
    assert reading_of(variant).sentiment["negative"] == pytest.approx(plain.sentiment["negative"], abs=0.15)


def test_a_picture_alone_is_unsure_of_everything_but_danger() -> None:
    decided = dict(reading_of("").decided)
    assert decided.pop("danger") is False
    assert set(decided.values()) == {"unsure"}
