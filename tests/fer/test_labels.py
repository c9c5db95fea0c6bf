from fer.labels import COLOURS, PERSON_COLOURS, person_colour


def test_a_person_keeps_a_colour_that_no_expression_has() -> None:
    colours = [person_colour(number) for number in range(1, 14)]
    assert colours == [person_colour(number) for number in range(1, 14)]
    assert not set(colours) & set(COLOURS.values())


def test_neighbours_differ_and_colours_come_again() -> None:
    cycle = len(PERSON_COLOURS)
    assert len({person_colour(number) for number in range(1, cycle + 1)}) == cycle
    assert person_colour(1) == person_colour(cycle + 1)
