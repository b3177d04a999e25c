from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.embed_answer import EmbedAnswer
from ...models.embed_files_body import EmbedFilesBody
from ...models.problem import Problem
from ...types import UNSET, File, Response, Unset


def _get_kwargs(
    *,
    body: EmbedFilesBody | File | Unset = UNSET,
    model: None | str | Unset = UNSET,
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

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/embed",
        "params": params,
    }

    if isinstance(body, EmbedFilesBody):
        _kwargs["files"] = body.to_multipart()

    if isinstance(body, File):
        _kwargs["content"] = body.payload
        headers["Content-Type"] = "image/*"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> EmbedAnswer | Problem | None:
    if response.status_code == 200:
        response_200 = EmbedAnswer.from_dict(response.json())

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
) -> Response[EmbedAnswer | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: EmbedFilesBody | File | Unset = UNSET,
    model: None | str | Unset = UNSET,
    x_deadline_ms: float | Unset = UNSET,
) -> Response[EmbedAnswer | Problem]:
    """The embeddings of one image or several

     Give one embedding for each image, in their order.

    With `Accept: application/x-npy` the answer is one NumPy array, float32 (n, dim), or uint8 for
    packed bits; the headers X-Model-Name, X-Model-Version and X-Model-SHA256 say whose.

    Args:
        model (None | str | Unset):
        x_deadline_ms (float | Unset):
        body (EmbedFilesBody):
        body (File):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[EmbedAnswer | Problem]
    """

    kwargs = _get_kwargs(
        body=body,
        model=model,
        x_deadline_ms=x_deadline_ms,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient | Client,
    body: EmbedFilesBody | File | Unset = UNSET,
    model: None | str | Unset = UNSET,
    x_deadline_ms: float | Unset = UNSET,
) -> EmbedAnswer | Problem | None:
    """The embeddings of one image or several

     Give one embedding for each image, in their order.

    With `Accept: application/x-npy` the answer is one NumPy array, float32 (n, dim), or uint8 for
    packed bits; the headers X-Model-Name, X-Model-Version and X-Model-SHA256 say whose.

    Args:
        model (None | str | Unset):
        x_deadline_ms (float | Unset):
        body (EmbedFilesBody):
        body (File):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        EmbedAnswer | Problem
    """

    return sync_detailed(
        client=client,
        body=body,
        model=model,
        x_deadline_ms=x_deadline_ms,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: EmbedFilesBody | File | Unset = UNSET,
    model: None | str | Unset = UNSET,
    x_deadline_ms: float | Unset = UNSET,
) -> Response[EmbedAnswer | Problem]:
    """The embeddings of one image or several

     Give one embedding for each image, in their order.

    With `Accept: application/x-npy` the answer is one NumPy array, float32 (n, dim), or uint8 for
    packed bits; the headers X-Model-Name, X-Model-Version and X-Model-SHA256 say whose.

    Args:
        model (None | str | Unset):
        x_deadline_ms (float | Unset):
        body (EmbedFilesBody):
        body (File):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[EmbedAnswer | Problem]
    """

    kwargs = _get_kwargs(
        body=body,
        model=model,
        x_deadline_ms=x_deadline_ms,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: EmbedFilesBody | File | Unset = UNSET,
    model: None | str | Unset = UNSET,
    x_deadline_ms: float | Unset = UNSET,
) -> EmbedAnswer | Problem | None:
    """The embeddings of one image or several

     Give one embedding for each image, in their order.

    With `Accept: application/x-npy` the answer is one NumPy array, float32 (n, dim), or uint8 for
    packed bits; the headers X-Model-Name, X-Model-Version and X-Model-SHA256 say whose.

    Args:
        model (None | str | Unset):
        x_deadline_ms (float | Unset):
        body (EmbedFilesBody):
        body (File):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        EmbedAnswer | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            model=model,
            x_deadline_ms=x_deadline_ms,
        )
    ).parsed
