"""The Photo page as a visitor meets it, with a fake analyzer."""

import io
from collections.abc import Iterable
from typing import Any

import pytest
import streamlit as st
from PIL import Image as PillowImage
from streamlit.testing.v1 import AppTest

from app.core.models import running_model
from app.core.models.head_text import NAMES
from app.core.paths import ROOT
from app.core.photo_limits import PhotoLimits
from app.photos.album import Album, new_photo
from fer import ModelError
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.spec import ModelSpec
from tests.app.samples import BROKEN, LABELS, FakeAnalyzer, FakeLandmark, Upload, png

CAMERA = ":material/photo_camera: Camera"


def words(page: AppTest) -> str:
    """Return all that the page says, in one string."""
    kinds: Iterable[Iterable[Any]] = (
        page.title, page.subheader, page.markdown, page.caption, page.info, page.error, page.warning
    )  # fmt: skip
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def alts(page: AppTest, kind: str) -> list[str]:
    return [element.proto.alt for element in page.get(kind)]


def button(page: AppTest, label: str) -> Any:
    return next(b for b in page.button if b.label == label)


def test_it_opens_with_a_way_to_a_first_result_and_nothing_else(page: AppTest) -> None:
    assert not page.exception
    assert button(page, "Try it with a sample photo")
    assert "None is saved or logged" in words(page)
    assert not page.dataframe
    assert not page.get("plotly_chart")
    assert not page.download_button


def test_the_camera_is_asked_for_only_when_its_tab_is_open(page: AppTest) -> None:
    assert not page.camera_input
    page.session_state["photo_source"] = CAMERA
    assert page.run().camera_input
    assert not page.exception


def test_the_sample_is_shown_to_who_asks_for_it_beside_the_camera(page: AppTest) -> None:
    page.session_state["photo_source"] = CAMERA
    page.run()
    button(page, "Try it with a sample photo").click().run()
    assert not page.exception
    assert not page.camera_input
    assert "Eileen Collins" in words(page)
    assert len(page.dataframe) == 1


def open_details(page: AppTest, number: int) -> AppTest:
    """Show the faces of one of several photos."""
    rows = [b for b in page.button if b.label == "Details"]
    return rows[number].click().run()


def names(page: AppTest) -> list[str]:
    """Return the names of the photos in a list of several."""
    return [m.value for m in page.markdown if str(m.value).startswith("**") and "\\." in m.value]


def test_several_photos_can_be_removed_at_once(upload: Upload) -> None:
    page = upload(("a.png", png(faces=1)), ("b.png", png(faces=2, seed=1)))
    button(page, "Remove all 2 photos").click().run()
    assert not page.exception
    assert not page.dataframe
    assert not page.session_state["photo_album"].read
    assert button(page, "Try it with a sample photo")


def test_a_snapshot_is_read_like_a_file(page: AppTest) -> None:
    page.session_state["photo_source"] = CAMERA
    page.run()
    page.camera_input[0].set_value(("snapshot.jpg", png(faces=1), "image/jpeg")).run()
    assert not page.exception
    assert page.subheader[0].value == "snapshot\\.jpg"
    assert "90% confident" in words(page)
    assert not page.dataframe, "of one face, the card says all"


def test_one_photo_shows_picture_card_table_and_downloads(upload: Upload) -> None:
    page = upload(("party.png", png(faces=2, happy=90)))
    assert not page.exception
    assert words(page).count("90% confident") == 2
    assert alts(page, "plotly_chart") == [
        f"Bar chart of face {n}: happy 90%, sad 6%, neutral 4%." for n in (1, 2)
    ]
    table = page.dataframe[0].value
    said = ["face", "answer", "confidence"]
    assert list(table.columns) == [*said, *LABELS, "quality", "size"]
    assert table["size"].tolist() == ["40 × 40", "40 × 40"]
    assert [b.label for b in page.download_button] == ["CSV", "JSON", "Marked picture (PNG)"]


def test_every_picture_and_chart_can_be_heard(upload: Upload) -> None:
    page = upload(("a.png", png(faces=1)), ("b.png", png(faces=2, seed=1)))
    images = [picture.alt for element in page.image for picture in element.proto.imgs]
    assert images
    assert all(images)
    assert all(alts(page, "plotly_chart"))


def test_a_photo_without_a_face_says_so_and_shows_no_label(upload: Upload) -> None:
    page = upload(("wall.png", png(faces=0)))
    assert "No face found" in page.info[0].value
    assert "well lit" in page.info[0].value
    assert not page.dataframe
    assert not page.get("plotly_chart")
    assert not any(label in words(page) for label in LABELS)
    assert not page.toggle, "there is nothing to draw a mesh on"


@pytest.mark.parametrize(
    ("happy", "headline", "detail"),
    [
        (38, "Uncertain", "Happy 38%, sad 37% or neutral 25%"),
        (49, "Uncertain", "Happy 49%, sad 31% or neutral 20%"),
        (50, "Happy", "50% confident"),
        (99, "Happy", "99% confident"),
        (100, "Happy", "Over 99% confident"),
    ],
)
def test_low_confidence_is_worded_as_such(
    upload: Upload, happy: int, headline: str, detail: str
) -> None:
    said = words(upload(("face.png", png(happy=happy))))
    assert headline in said
    assert detail in said


def test_a_poor_picture_says_what_is_wrong_and_needs_more_to_convince(upload: Upload) -> None:
    page = upload(("face.png", png(faces=2, happy=60, seed=200)))
    said = words(page)
    assert "Uncertain" in said
    assert "small: 40 pixels wide" in said
    assert " dark]" in said
    row = page.dataframe[0].value.iloc[0]
    assert row["answer"] == "uncertain: happy or sad"
    assert row["quality"] == "small; dark"


def test_another_head_needs_no_new_upload_and_lasts_over_pages(
    upload: Upload, analyzer: FakeAnalyzer
) -> None:
    page = upload(("a.png", png(faces=1, happy=90)))
    choice = next(g for g in page.get("button_group") if g.key == "head_choice")
    assert choice.options == [NAMES[EXPRESSION_HEAD], NAMES[FERPLUS_HEAD]]
    choice.set_value(FERPLUS_HEAD).run()
    assert not page.exception
    assert "Uncertain" in words(page)
    assert (analyzer.calls, analyzer.searches) == (1, 1)
    page.switch_page("app/pages/about.py").run()
    page.switch_page("app/pages/photo.py").run()
    upload(("a.png", png(faces=1, happy=90)))
    choice = next(g for g in page.get("button_group") if g.key == "head_choice")
    assert choice.value == FERPLUS_HEAD


def test_a_network_with_one_output_offers_no_choice(
    upload: Upload, analyzer: FakeAnalyzer, spec: ModelSpec
) -> None:
    analyzer.spec = spec
    page = upload(("a.png", png()))
    assert not page.exception
    assert not page.get("button_group")
    assert not page.get("popover")


def test_a_map_is_offered_where_the_network_has_it_and_drawn_when_asked(
    upload: Upload,
) -> None:
    page = upload(("a.png", png(faces=2)))
    offers = [e for e in page.expander if e.label == "Which parts of the face counted?"]
    assert len(offers) == 2
    maps = [p.alt for e in page.image for p in e.proto.imgs if p.alt.startswith("Map of")]
    assert not maps
    choice = next(g for g in page.get("button_group") if g.key == "head_choice")
    choice.set_value(FERPLUS_HEAD).run()
    assert not page.expander


def test_a_map_is_drawn_for_the_likeliest_first(upload: Upload) -> None:
    photo = new_photo("a.png", png(faces=1))
    page = upload((photo.name, photo.data))
    page.session_state[f"activation_{photo.key}_0_expression"] = True
    page.run()
    assert not page.exception
    alts = [p.alt for e in page.image for p in e.proto.imgs]
    assert "Map of face 1: orange where it raised happy, blue where it lowered it." in alts
    assert "where the network looked, not why" in words(page)


def pictures(page: AppTest) -> dict[str, str]:
    """Return the address of every picture by its text."""
    return {picture.alt: picture.url for e in page.image for picture in e.proto.imgs}


def test_face_meshes_are_drawn_when_asked_for(upload: Upload, landmark: FakeLandmark) -> None:
    page = upload(("a.png", png(faces=2)))
    (switch,) = page.toggle
    assert (switch.label, switch.value, landmark.calls) == ("Face mesh", False, 0)
    plain = pictures(page)
    switch.set_value(True).run()
    assert not page.exception
    marked = next(alt for alt in pictures(page) if "2 faces marked" in alt)
    assert marked.endswith("The face mesh is drawn on each.")
    assert pictures(page)[marked] not in plain.values()
    assert pictures(page)["Face 1: happy 90%"] != plain["Face 1: happy 90%"]
    assert "No mesh" not in words(page)
    page.toggle[0].set_value(False).run()
    assert pictures(page) == plain
    page.toggle[0].set_value(True).run()
    assert landmark.calls == 1


def test_a_face_without_a_mesh_is_told(upload: Upload, landmark: FakeLandmark) -> None:
    landmark.presence = (20.0, -5.0)
    page = upload(("a.png", png(faces=2)))
    page.toggle[0].set_value(True).run()
    assert "No mesh on 1 of 2 faces" in words(page)
    assert any(alt.endswith("The face mesh is drawn on 1 of them.") for alt in pictures(page))


def test_meshes_stay_over_heads_and_pages(upload: Upload, landmark: FakeLandmark) -> None:
    page = upload(("group.png", png(faces=9)))
    page.toggle[0].set_value(True).run()
    choice = next(g for g in page.get("button_group") if g.key == "head_choice")
    choice.set_value(FERPLUS_HEAD).run()
    page.switch_page("app/pages/about.py").run()
    page.switch_page("app/pages/photo.py").run()
    assert not page.exception
    assert page.toggle[0].value
    assert any(alt.endswith("The face mesh is drawn on each.") for alt in pictures(page))
    assert landmark.calls == 1


def test_of_several_photos_only_one_may_have_meshes(upload: Upload, landmark: FakeLandmark) -> None:
    page = open_details(upload(("a.png", png(faces=1)), ("b.png", png(faces=2, seed=1))), 1)
    page.toggle[0].set_value(True).run()
    button(page, "Details").click().run()
    assert [switch.value for switch in page.toggle] == [False, True]
    assert landmark.calls == 1


def test_without_the_network_for_meshes_the_page_says_so(
    upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> None:
        raise ModelError("face_landmark.tflite is missing.")

    monkeypatch.setattr(running_model, "face_landmark", missing)
    page = upload(("a.png", png()))
    page.toggle[0].set_value(True).run()
    assert not page.exception
    assert "face\\_landmark\\.tflite is missing" in words(page)
    assert "90% confident" in words(page)


def test_many_photos_have_a_summary_and_a_row_each(upload: Upload) -> None:
    page = upload(
        ("a.png", png(faces=1)), ("b.png", png(faces=2, happy=0)), ("c.png", png(faces=0))
    )
    assert {m.label: m.value for m in page.metric} == {"Photos": "3", "Faces": "3"}
    assert alts(page, "plotly_chart") == ["Faces by answer: sad 2, happy 1."]
    assert names(page) == ["**a\\.png**", "**b\\.png**", "**c\\.png**"]
    said = words(page)
    assert "**1 face**: " in said
    assert "happy **90%**" in said
    assert "**2 faces**: " in said
    assert "sad\u00a0**2**" in said
    assert "**No faces**" in said
    thumbnails = [p.alt for e in page.image for p in e.proto.imgs]
    assert thumbnails == [f"Thumbnail of {name}.png" for name in "abc"]
    labels = ["CSV of all", "JSON of all", "Marked pictures (ZIP)"]
    assert [b.label for b in page.download_button] == labels


def test_one_table_holds_the_faces_of_all_photos(upload: Upload) -> None:
    page = upload(
        ("a.png", png(faces=1)), ("b.png", png(faces=2, happy=0)), ("bad.png", b"no picture")
    )
    (table,) = page.dataframe
    assert table.value["file"].tolist() == ["a.png", "b.png", "b.png"]
    assert table.value["face"].tolist() == [1, 1, 2]
    assert table.value["answer"].tolist() == ["happy", "sad", "sad"]


def test_the_faces_of_one_of_many_photos_are_shown_on_demand(upload: Upload) -> None:
    page = open_details(upload(("a.png", png(faces=1)), ("b.png", png(faces=2, seed=1))), 1)
    assert not page.exception
    assert words(page).count("confident") == 2
    assert [len(table.value) for table in page.dataframe] == [3, 2]
    button(page, "Close").click().run()
    assert "confident" not in words(page)


@pytest.mark.parametrize(("faces", "cards"), [(1, 1), (6, 6), (7, 0), (25, 0)])
def test_many_faces_have_a_summary_in_place_of_a_card_each(
    upload: Upload, faces: int, cards: int
) -> None:
    page = upload(("group.png", png(faces=faces)))
    assert not page.exception
    assert words(page).count("90% confident") == cards
    assert ("Choose a face in the picture" in words(page)) == (faces > 6)
    if faces > 6:
        assert f"**{faces} faces**: " in words(page)
        assert alts(page, "plotly_chart") == [f"Faces by answer: happy {faces}."]


def test_the_selected_face_of_many_has_its_card(upload: Upload) -> None:
    photo = new_photo("group.png", png(faces=25))
    page = upload((photo.name, photo.data))
    page.session_state["photo_album"].faces[photo.key] = 6
    page.run()
    assert not page.exception
    assert "Face 7" in words(page)
    assert words(page).count("90% confident") == 1


def test_photos_are_there_after_a_visit_to_another_page(
    upload: Upload, analyzer: FakeAnalyzer
) -> None:
    page = upload(("a.png", png(faces=1)), ("b.png", png(faces=2, seed=1)))
    open_details(page, 1)
    page.switch_page("app/pages/about.py").run()
    page.switch_page("app/pages/photo.py").run()
    assert not page.exception
    assert names(page) == ["**a\\.png**", "**b\\.png**"]
    assert words(page).count("confident") == 2
    assert analyzer.calls == 2


def test_each_photo_is_shown_as_soon_as_it_is_read(
    upload: Upload, analyzer: FakeAnalyzer, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[str] = []
    view, show = Album.view, st.image
    monkeypatch.setattr(Album, "view", lambda *args: events.append("read") or view(*args))
    monkeypatch.setattr(
        st, "image", lambda *args, **options: events.append("shown") or show(*args, **options)
    )
    upload(*[(f"{n}.png", png(faces=n)) for n in range(3)])
    assert events == ["read", "shown"] * 3


def test_an_animation_says_that_its_first_picture_was_read(upload: Upload) -> None:
    out = io.BytesIO()
    frames = [PillowImage.new("RGB", (64, 64), (1, 90, n)) for n in (0, 50)]
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    page = upload(("wave.webp", out.getvalue()))
    assert "its first picture was read" in words(page)
    assert "90% confident" in words(page)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [(b"", "is empty"), (b"no picture", "is not an image"), (png()[:200], "is damaged")],
)
def test_a_bad_file_is_named_and_the_others_are_shown(
    upload: Upload, bad: bytes, reason: str
) -> None:
    page = upload(("bad.png", bad), ("good.png", png()))
    assert not page.exception
    assert len(page.error) == 1
    assert page.error[0].value.startswith(f"bad\\.png {reason}")
    assert names(page) == ["**good\\.png**"]
    assert {m.label: m.value for m in page.metric} == {"Photos": "1", "Not read": "1", "Faces": "1"}
    held = page.session_state["photo_album"].photos
    assert [photo.data for photo in held] == [b"", png()]


def test_a_fault_in_one_photo_takes_nothing_else_down(upload: Upload) -> None:
    page = upload(("odd.png", png(faces=BROKEN)), ("good.png", png()))
    assert not page.exception
    assert "odd\\.png could not be analysed" in page.error[0].value
    assert "nobody thought of" not in words(page)
    assert len(page.dataframe) == 1


def test_a_removed_photo_is_forgotten(upload: Upload) -> None:
    page = upload(("a.png", png(faces=1)), ("b.png", png(faces=2)))
    assert page.session_state["photo_album"].read == 2
    button(page, "Remove").click().run()
    assert page.session_state["photo_album"].read == 1
    assert page.subheader[0].value == "b\\.png"
    button(page, "Remove").click().run()
    assert page.session_state["photo_album"].read == 0
    assert button(page, "Try it with a sample photo")


def test_a_reload_finds_the_photos_their_results_and_what_was_opened(
    upload: Upload, analyzer: FakeAnalyzer
) -> None:
    before = open_details(upload(("a.png", png(faces=1)), ("b.png", png(faces=2, seed=1))), 1)
    after = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60)
    after.query_params["session"] = before.query_params["session"]
    after.run()
    assert not after.exception
    assert names(after) == ["**a\\.png**", "**b\\.png**"]
    assert words(after).count("confident") == 2
    assert analyzer.calls == 2


def test_more_photos_than_the_page_takes_are_told(page: AppTest, upload: Upload) -> None:
    page.session_state["photo_album"].limits = PhotoLimits.of({"FER_MAX_PHOTOS": "2"})
    page = upload(*[(f"{n}.png", png(seed=n)) for n in range(3)])
    assert page.warning[0].value.startswith("2\\.png was not added")
    assert page.metric[0].value == "2"


def test_the_sample_gives_a_result_and_can_be_closed(page: AppTest, analyzer: FakeAnalyzer) -> None:
    button(page, "Try it with a sample photo").click().run()
    assert analyzer.calls == 1
    assert page.subheader[0].value == "sample\\.jpg"
    button(page, "Close the sample").click().run()
    assert not page.subheader
    assert page.session_state["photo_album"].read == 0


def test_a_file_name_is_shown_letter_by_letter(upload: Upload) -> None:
    page = upload(("*a* :red[b].png", png()))
    assert page.subheader[0].value == "\\*a\\* \\:red\\[b\\]\\.png"


def test_a_missing_model_is_explained_without_a_path(
    upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> None:
        raise ModelError(f"{ROOT}/models/compact/spec.json is missing.")

    monkeypatch.setattr(running_model, "photo_analyzer", missing)
    page = upload(("a.png", png()))
    assert not page.exception
    assert "not installed" in page.error[0].value
    assert "models/compact/spec\\.json" in words(page)
    assert str(ROOT) not in words(page)
    assert not page.dataframe


def test_nothing_on_the_page_claims_to_know_a_feeling(upload: Upload) -> None:
    said = words(upload(("a.png", png()))).lower()
    assert "emotion" not in said
    assert "feel" not in said
