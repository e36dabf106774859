"""From texts to values, with the finding for each that was not as it should be."""

from secondplan.plans.readers.records.cleaning import CODES


def test_lists_of_codes():
    factors, disabilities = CODES["factors"], CODES["disabilities"]
    assert factors.read("3B;16A") == ("3B;16A", "")
    assert factors.read("3b, 3B") == ("3B", "code-recoded")
    assert factors.read("21;3B") == ("3B", "code-recoded")
    assert factors.read("3B;99") == ("3B", "code-unknown")
    assert factors.read("NULL") == (None, "placeholder")
    assert disabilities.read("NONE") == ("NONE", "")
    assert disabilities.read("NONE;LD") == ("LD", "code-recoded")


def test_words_are_repaired_and_doubtful_ones_reported():
    ethnicity = CODES["ethnicity"]
    assert ethnicity.read("WBRI") == ("WBRI", "")
    assert ethnicity.read("White & Asian") == ("MWAS", "code-recoded")
    assert ethnicity.read("Black British") == (None, "code-unknown")
    assert ethnicity.read("Unknown") == (None, "placeholder")
    assert CODES["referral_source"].read("1A|2B") == (None, "code-unknown")


def test_an_official_code_of_sex_is_no_repair():
    sex = CODES["sex"]
    assert [sex.read(text) for text in ("M", "F", "U")] == [("1", ""), ("2", ""), ("0", "")]
    assert sex.read("male") == ("1", "code-recoded")
