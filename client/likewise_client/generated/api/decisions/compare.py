from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.compare_answer import CompareAnswer
from ...models.compare_json_compare_json import CompareJsonCompareJson
from ...models.problem import Problem
from ...types import UNSET, File, Response, Unset


def _get_kwargs(
    *,
    body: CompareJsonCompareJson | File | Unset = UNSET,
    model: None | str | Unset = UNSET,
    threshold: float | None | Unset = UNSET,
    fmr: float | None | Unset = UNSET,
    x_deadline_ms: float | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(x_deadline_ms, Unset):
        headers["X-Deadline-Ms"] = str(x_deadline_ms)

    params: dict[str, Any] = {}

    json_model: None | str | Unset
    if isinstance(model, Unset):
        json_model = UNSET
    else:
        json_model = model
    params["model"] = json_model

    json_threshold: float | None | Unset
    if isinstance(threshold, Unset):
        json_threshold = UNSET
    else:
        json_threshold = threshold
    params["threshold"] = json_threshold

    json_fmr: float | None | Unset
    if isinstance(fmr, Unset):
        json_fmr = UNSET
    else:
        json_fmr = fmr
    params["fmr"] = json_fmr

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/compare",
        "params": params,
    }

    if isinstance(body, CompareJsonCompareJson):
        _kwargs["json"] = body.to_dict()

        headers["Content-Type"] = "application/json"
    if isinstance(body, File):
        _kwargs["content"] = body.payload
        headers["Content-Type"] = "application/x-npy"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> CompareAnswer | Problem | None:
    if response.status_code == 200:
        response_200 = CompareAnswer.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = Problem.from_dict(response.json())

        return response_400

    if response.status_code == 404:
        response_404 = Problem.from_dict(response.json())

        return response_404

    if response.status_code == 408:
        response_408 = Problem.from_dict(response.json())

        return response_408

    if response.status_code == 409:
        response_409 = Problem.from_dict(response.json())

        return response_409

    if response.status_code == 413:
        response_413 = Problem.from_dict(response.json())

        return response_413

    if response.status_code == 415:
        response_415 = Problem.from_dict(response.json())

        return response_415

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())

        return response_422

    if response.status_code == 500:
        response_500 = Problem.from_dict(response.json())

        return response_500

    if response.status_code == 503:
        response_503 = Problem.from_dict(response.json())

        return response_503

    if response.status_code == 504:
        response_504 = Problem.from_dict(response.json())

        return response_504

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[CompareAnswer | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: CompareJsonCompareJson | File | Unset = UNSET,
    model: None | str | Unset = UNSET,
    threshold: float | None | Unset = UNSET,
    fmr: float | None | Unset = UNSET,
    x_deadline_ms: float | Unset = UNSET,
) -> Response[CompareAnswer | Problem]:
    """Compare one embedding with many

     Give the energy and the decision for each row of a gallery.

    Embeddings of different models, or of different versions of one, cannot be compared: keep the
    `sha256` of the model beside them. With `Accept: application/x-npy` the answer is the energies
    alone, float32 (n,), and the headers X-Threshold and X-Model-SHA256 say the rest.

    Args:
        model (None | str | Unset):
        threshold (float | None | Unset):
        fmr (float | None | Unset):
        x_deadline_ms (float | Unset):
        body (CompareJsonCompareJson): One probe, and the gallery that it is compared with.
        body (File): One NumPy array, (1 + n, dim), as /embed answers: the probe, then the
            gallery. `model`, `threshold` and `fmr` then stand in the URL.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[CompareAnswer | Problem]
    """

    kwargs = _get_kwargs(
        body=body,
        model=model,
        threshold=threshold,
        fmr=fmr,
        x_deadline_ms=x_deadline_ms,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient | Client,
    body: CompareJsonCompareJson | File | Unset = UNSET,
    model: None | str | Unset = UNSET,
    threshold: float | None | Unset = UNSET,
    fmr: float | None | Unset = UNSET,
    x_deadline_ms: float | Unset = UNSET,
) -> CompareAnswer | Problem | None:
    """Compare one embedding with many

     Give the energy and the decision for each row of a gallery.

    Embeddings of different models, or of different versions of one, cannot be compared: keep the
    `sha256` of the model beside them. With `Accept: application/x-npy` the answer is the energies
    alone, float32 (n,), and the headers X-Threshold and X-Model-SHA256 say the rest.

    Args:
        model (None | str | Unset):
        threshold (float | None | Unset):
        fmr (float | None | Unset):
        x_deadline_ms (float | Unset):
        body (CompareJsonCompareJson): One probe, and the gallery that it is compared with.
        body (File): One NumPy array, (1 + n, dim), as /embed answers: the probe, then the
            gallery. `model`, `threshold` and `fmr` then stand in the URL.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        CompareAnswer | Problem
    """

    return sync_detailed(
        client=client,
        body=body,
        model=model,
        threshold=threshold,
        fmr=fmr,
        x_deadline_ms=x_deadline_ms,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: CompareJsonCompareJson | File | Unset = UNSET,
    model: None | str | Unset = UNSET,
    threshold: float | None | Unset = UNSET,
    fmr: float | None | Unset = UNSET,
    x_deadline_ms: float | Unset = UNSET,
) -> Response[CompareAnswer | Problem]:
    """Compare one embedding with many

     Give the energy and the decision for each row of a gallery.

    Embeddings of different models, or of different versions of one, cannot be compared: keep the
    `sha256` of the model beside them. With `Accept: application/x-npy` the answer is the energies
    alone, float32 (n,), and the headers X-Threshold and X-Model-SHA256 say the rest.

    Args:
        model (None | str | Unset):
        threshold (float | None | Unset):
        fmr (float | None | Unset):
        x_deadline_ms (float | Unset):
        body (CompareJsonCompareJson): One probe, and the gallery that it is compared with.
        body (File): One NumPy array, (1 + n, dim), as /embed answers: the probe, then the
            gallery. `model`, `threshold` and `fmr` then stand in the URL.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[CompareAnswer | Problem]
    """

    kwargs = _get_kwargs(
        body=body,
        model=model,
        threshold=threshold,
        fmr=fmr,
        x_deadline_ms=x_deadline_ms,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: CompareJsonCompareJson | File | Unset = UNSET,
    model: None | str | Unset = UNSET,
    threshold: float | None | Unset = UNSET,
    fmr: float | None | Unset = UNSET,
    x_deadline_ms: float | Unset = UNSET,
) -> CompareAnswer | Problem | None:
    """Compare one embedding with many

     Give the energy and the decision for each row of a gallery.

    Embeddings of different models, or of different versions of one, cannot be compared: keep the
    `sha256` of the model beside them. With `Accept: application/x-npy` the answer is the energies
    alone, float32 (n,), and the headers X-Threshold and X-Model-SHA256 say the rest.

    Args:
        model (None | str | Unset):
        threshold (float | None | Unset):
        fmr (float | None | Unset):
        x_deadline_ms (float | Unset):
        body (CompareJsonCompareJson): One probe, and the gallery that it is compared with.
        body (File): One NumPy array, (1 + n, dim), as /embed answers: the probe, then the
            gallery. `model`, `threshold` and `fmr` then stand in the URL.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        CompareAnswer | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            model=model,
            threshold=threshold,
            fmr=fmr,
            x_deadline_ms=x_deadline_ms,
        )
    ).parsed
