"""Nothing that could be a telephone number, a card or an address is left in scrubbed text.

What is looked for is written here by other means than the patterns: character by character.
"""

from hypothesis import example, given
from hypothesis import strategies as st

from lucky_mcp.policy.masks import scrubbed
from lucky_mcp.policy.scrub import CARD_WORD, EMAIL_WORD, PHONE_WORD

DIGITS = "0123456789０１２３４５６７８９٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹"
SIGNS = " -.()/+_,:;'\"[]\\^`{|}~*#=&%$!?<>\t\n\r\u00a0·–—‐\u200b\u2060\u3000、。（）－．／＋\ufeff\ufe0f\u20e3\u0301"
ATS = "@＠﹫"
WORDS = ["少冰", "call", "ann", "王小明", "例子.公司", "😀", "Straße", "µ", "ι"]
texts = st.lists(
    st.sampled_from([*DIGITS, *SIGNS, *ATS]) | st.sampled_from(WORDS) | st.text(max_size=3), max_size=40
).map("".join)
MAX_SIGNS, MIN_DIGITS = 5, 7


def longest_number(text: str) -> int:
    """The most digits in a row with at most five signs between each two."""
    best = digits = signs = 0
    for character in text:
        if character in DIGITS:
            digits, signs = digits + 1, 0
        elif character in SIGNS and signs < MAX_SIGNS:
            signs += 1
        else:
            digits = signs = 0
        best = max(best, digits)
    return best


@given(texts)
@example("212" + "-" * 5 + "555" + " " * 5 + "0100")
@example("1" * 30)
def test_no_number_and_no_address_is_left(text: str) -> None:
    shown = scrubbed(text)
    assert longest_number(shown) < MIN_DIGITS
    assert not set(shown) & set(ATS)


@given(
    st.text(st.sampled_from("abcXYZ019.!#$%&'*+/=?^_`{|}~-王é"), min_size=1, max_size=64),
    st.sampled_from(ATS),
    st.sampled_from(["gmail.com", "例子.公司", "１６３.com", "x"]),
    st.sampled_from(["", " ", "  "]),
)
def test_no_part_of_an_address_is_left(local: str, at: str, domain: str, blank: str) -> None:
    assert scrubbed(f"to {local}{blank}{at}{blank}{domain} please") == f"to {EMAIL_WORD} please"


@given(
    st.text(st.sampled_from(DIGITS), min_size=7, max_size=12),
    st.sampled_from(["", "-", ".", " ", " - ", "）（"]),
)
def test_a_number_is_replaced_whole(digits: str, sign: str) -> None:
    assert scrubbed(f"请打 {sign.join(digits)} 谢谢") == f"请打 {PHONE_WORD} 谢谢"


@given(st.text(st.sampled_from(DIGITS), min_size=13, max_size=200))
def test_a_longer_number_is_a_card(digits: str) -> None:
    assert scrubbed(f"卡{digits}号") == f"卡{CARD_WORD}号"


@given(texts)
def test_scrubbing_again_changes_nothing(text: str) -> None:
    assert scrubbed(scrubbed(text)) == scrubbed(text)


@given(st.text(st.characters(categories=["Lu", "Ll", "Lo"]), max_size=60))
def test_words_stay_as_they_are(text: str) -> None:
    assert scrubbed(text) == text


@given(st.sampled_from("0123456789"), st.integers(0, 6))
def test_few_digits_stay(digit: str, count: int) -> None:
    text = f"table {digit * count}, less ice"
    assert scrubbed(text) == text
